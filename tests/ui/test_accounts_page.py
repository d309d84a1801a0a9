import asyncio

from desk import Desk, button, click, dialog
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from stand_in import NOW, account

from grokdesk.domain.account import Tier
from grokdesk.domain.errors import UpstreamTimeoutError
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.ui.dialogs.ask import AskDialog
from grokdesk.ui.models.accounts import Column
from grokdesk.ui.pages.accounts import AccountsPage


async def opened(desk: Desk) -> AccountsPage:
    page = desk.show(AccountsPage(desk.kit), 1000, 700)
    await desk.until(lambda: page._loaded)
    return page


def select(page: AccountsPage, *labels: str) -> None:
    page.table.clearSelection()
    for row, shown in enumerate(page.model.shown):
        if shown.account.label in labels:
            flags = QItemSelectionModel.SelectionFlag
            page.table.selectionModel().select(page.model.index(row, 0), flags.Select | flags.Rows)


def state_of(desk: Desk, label: str) -> str:
    return next(a.state for a in desk.services.accounts.snapshot() if a.label == label)


async def test_every_state_is_told_in_words(desk: Desk) -> None:
    page = await opened(desk)
    told = {page.model.cell(row, Column.STATE) for row in page.model.shown}
    assert told == {
        "Ready", "Busy", "Cooling down", "Used up", "Signed out", "Blocked", "Disabled", "Locked"
    }  # fmt: skip


async def test_without_accounts_the_page_explains_itself_and_offers_the_import(bare: Desk) -> None:
    page = await opened(bare)
    wanted: list[None] = []
    page.wants_import.connect(lambda: wanted.append(None))
    click(button(page, "Import accounts"))
    assert wanted == [None]
    assert not page.filter.isVisible()


async def test_the_first_account_replaces_the_empty_state(bare: Desk) -> None:
    page = await opened(bare)
    await bare.stage.add(account("First"))
    await bare.until(lambda: page.table.isVisible())
    assert page._counter.text() == "1 account"


async def test_the_filter_counts_and_can_be_cleared(desk: Desk) -> None:
    page = await opened(desk)
    page.filter.setText("lab")
    await desk.until(lambda: page._counter.text() == "3 of 11 shown")
    page.filter.setText("nobody at all")
    await desk.until(lambda: page._counter.text() == "0 of 11 shown")
    click(button(page, "Clear the filter"))
    await desk.until(lambda: page._counter.text() == "11 accounts")


async def test_ctrl_f_leads_to_the_filter(desk: Desk) -> None:
    page = await opened(desk)
    page.activateWindow()
    QTest.keyClick(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    await desk.until(page.filter.hasFocus)


async def test_selection_and_scroll_position_survive_a_live_refresh(desk: Desk) -> None:
    for number in range(40):
        await desk.stage.add(account(f"More {number:02}"))
    page = await opened(desk)
    await desk.until(lambda: len(page.model.shown) == 51)
    select(page, "More 20", "More 30")
    page.table.verticalScrollBar().setValue(600)
    await desk.services.accounts.configure("id-More 05", label="AAA first now")
    await desk.stage.add(account("AAB second"))
    await desk.until(lambda: page.model.shown[0].account.label == "AAA first now")
    await desk.until(lambda: len(page.model.shown) == 52)
    assert [a.label for a in page.table.selected()] == ["More 20", "More 30"]
    assert page.table.verticalScrollBar().value() == 600


async def test_actions_are_offered_only_where_they_make_sense(desk: Desk) -> None:
    page = await opened(desk)
    actions = page.account_actions
    assert not any(action.isEnabled() for action in actions.all)
    select(page, "Work")
    assert actions.disable.isEnabled()
    assert not actions.enable.isEnabled()
    assert actions.quota.isEnabled()
    select(page, "Work", "Spare")
    assert actions.enable.isEnabled()
    assert actions.preferences.isEnabled()
    select(page, "Spare")
    assert not actions.check.isEnabled()
    assert not actions.quota.isEnabled()


async def test_toolbar_buttons_follow_the_actions_of_the_menu(desk: Desk) -> None:
    page = await opened(desk)
    check = button(page, "Check now")
    assert not check.isEnabled()
    select(page, "Work")
    assert check.isEnabled()
    click(check)
    await desk.until(lambda: desk.stage.upstream.probed == ["id-Work"])


async def test_checking_tells_how_far_it_is_and_what_failed(desk: Desk) -> None:
    page = await opened(desk)
    desk.stage.upstream.refusals["id-Studio"] = UpstreamTimeoutError("grok.com said nothing.")
    select(page, "Work", "Studio", "New one")
    page.account_actions.check.trigger()
    assert page.info.sentence == "0 of 3 accounts checked."
    await desk.until(lambda: "Studio: grok.com said nothing." in page.info.sentence)
    assert page.info.sentence.startswith("2 accounts checked.")
    assert page.info.property("tone") == "bad"


async def test_checking_can_be_stopped(desk: Desk) -> None:
    page = await opened(desk)
    desk.stage.upstream.probe_pause = 5.0
    select(page, "Work", "Studio")
    page.account_actions.check.trigger()
    await asyncio.sleep(0.05)
    click(button(page.info, "Stop"))
    await desk.until(
        lambda: page.commands.running is not None and page.commands.running.cancelled()
    )
    assert desk.stage.upstream.probed == []


async def test_accounts_are_disabled_and_enabled_together(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Work", "Studio")
    page.account_actions.disable.trigger()
    await desk.until(lambda: state_of(desk, "Work") == state_of(desk, "Studio") == "disabled")
    await desk.until(page.account_actions.enable.isEnabled)
    page.account_actions.enable.trigger()
    await desk.until(lambda: state_of(desk, "Work") == state_of(desk, "Studio") == "ready")


async def test_refreshing_the_quota_tells_how_far_it_is(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Work", "New one", "Spare")
    page.account_actions.quota.trigger()
    assert page.info.sentence == "0 of 2 accounts refreshed."
    await desk.until(lambda: page.info.sentence == "2 accounts refreshed.")
    assert sorted(desk.stage.upstream.quotas_read) == ["id-New one", "id-Work"]


async def test_a_quota_that_cannot_be_read_is_told_by_its_account(desk: Desk) -> None:
    page = await opened(desk)
    desk.stage.upstream.refusals["id-Work"] = UpstreamTimeoutError("grok.com said nothing.")
    select(page, "Work", "New one")
    page.account_actions.quota.trigger()
    await desk.until(lambda: "Work: grok.com said nothing." in page.info.sentence)
    assert page.info.sentence.startswith("1 account refreshed.")


async def test_removing_asks_first_and_enter_does_not_confirm(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Work", "Studio")
    page.account_actions.remove.trigger()
    asked = dialog(page, AskDialog)
    QTest.keyClick(asked, Qt.Key.Key_Return)
    await asyncio.sleep(0.05)
    assert len(desk.services.accounts.snapshot()) == 11
    page.account_actions.remove.trigger()
    click(button(dialog(page, AskDialog), "Remove"))
    await desk.until(lambda: len(page.model.shown) == 9)
    assert page.info.sentence == "2 accounts removed."


async def test_removing_more_than_a_hundred_needs_the_number_typed(bare: Desk) -> None:
    for number in range(101):
        await bare.stage.add(account(f"A{number:03}"))
    page = await opened(bare)
    page.table.selectAll()
    page.account_actions.remove.trigger()
    asked = dialog(page, AskDialog)
    confirm = button(asked, "Remove")
    assert not confirm.isEnabled()
    asked.findChildren(QLineEdit)[0].setText("100")
    assert not confirm.isEnabled()
    asked.findChildren(QLineEdit)[0].setText("101")
    click(confirm)
    await bare.until(lambda: not bare.services.accounts.snapshot(), timeout=10)


async def test_ctrl_c_copies_the_selected_rows_for_a_spreadsheet(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Lab 02")
    QTest.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().split("\n")
    assert len(lines) == 2
    assert lines[1].split("\t")[:4] == ["Lab 02", "Basic", "Used up", "0/30"]


async def test_the_card_tells_what_happened_and_what_can_be_done(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Old phone")
    lines = page.details.words.split("\n")
    assert lines[0] == "Old phone  ·  Signed out  ·  Basic"
    assert lines[1].startswith("grok.com no longer accepts the token of this account")
    assert lines[2].startswith("Sign in at grok.com with this account")
    assert lines[3].startswith("2 h ago (")
    assert lines[3].endswith("HTTP 401")
    assert lines[4] == "Request req-7f3a91c2"
    select(page, "Old phone", "Trial")
    assert not page.details.isVisible()


async def test_the_request_id_and_all_details_can_be_copied(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Old phone")
    click(button(page.details, "Copy request id"))
    assert QGuiApplication.clipboard().text() == "req-7f3a91c2"
    click(button(page.details, "Copy details"))
    assert QGuiApplication.clipboard().text() == page.details.words
    assert "Invalid credentials" in page.details.words


async def test_the_words_of_grok_com_are_folded_until_they_are_wanted(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Old phone")
    assert page.details.evidence.excerpt == ""
    click(button(page.details, "What grok.com said"))
    assert "Invalid credentials" in page.details.evidence.excerpt
    select(page, "Work")
    select(page, "Old phone")
    assert page.details.evidence.excerpt == "", "another selection folds it again"


async def test_an_unfolded_excerpt_stays_open_while_figures_change(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Old phone")
    click(button(page.details, "What grok.com said"))
    desk.stage.clock.advance(3600)
    await desk.services.accounts.configure("id-Old phone", note="Ask Tom")
    await desk.until(lambda: page.details.facts.value("Note") == "Ask Tom")
    assert "3 h ago" in page.details.words
    assert "Invalid credentials" in page.details.evidence.excerpt


async def test_a_signed_out_account_offers_the_import(desk: Desk) -> None:
    page = await opened(desk)
    wanted: list[None] = []
    page.wants_import.connect(lambda: wanted.append(None))
    select(page, "Old phone")
    click(button(page.details, "Import new token…"))
    assert wanted == [None]


async def test_a_blocked_account_offers_to_be_checked_again(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Trial")
    click(button(page.details, "Check now"))
    await desk.until(lambda: state_of(desk, "Trial") == "ready")
    await desk.until(lambda: "Can answer the next request." in page.details.words)
    assert not page.details.evidence.isVisible()


async def test_media_and_weekly_credits_are_in_the_card(bare: Desk) -> None:
    video = QuotaWindow(Mode.VIDEO, 9, 4, 86_400.0, None, Provenance.MEASURED, NOW)
    weekly = QuotaWindow(Mode.WEEKLY, 10_000, 5_000, 604_800.0, None, Provenance.MEASURED, NOW)
    await bare.stage.add(account("Paid", Tier.SUPER), video, weekly)
    page = await opened(bare)
    await bare.until(lambda: len(page.model.shown) == 1)
    select(page, "Paid")
    assert page.details.facts.value("Media left") == "Videos 4"
    assert page.details.facts.value("Week's credits") == "50 %"
    assert not page.table.isColumnHidden(Column.WEEKLY)
    assert page.table.isColumnHidden(Column.HEAVY)


async def test_the_row_that_is_explained_stays_in_view(desk: Desk) -> None:
    page = await opened(desk)
    page.resize(1000, 480)
    last = len(page.model.shown) - 1
    page.table.selectRow(last)
    await desk.until(page.details.isVisible)

    def is_in_view() -> bool:
        place = page.table.visualRect(page.model.index(last, 0))
        return page.table.viewport().rect().contains(place.center())

    await desk.until(is_in_view)
    await asyncio.sleep(0.1)
    assert is_in_view()


async def test_a_narrow_table_gives_up_columns_before_names(desk: Desk) -> None:
    page = await opened(desk)
    page.resize(1100, 600)
    assert not page.table.isColumnHidden(Column.LAST_USED)
    page.resize(760, 600)
    assert page.table.isColumnHidden(Column.LAST_USED)
    assert page.table.columnWidth(Column.LABEL) >= 100


async def test_the_menu_has_what_the_toolbar_has(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Work")
    page.account_actions.popup(page.mapToGlobal(page.rect().center()))
    menu = next(w for w in desk.app.topLevelWidgets() if w.inherits("QMenu") and w.isVisible())
    entries = [a.text() for a in menu.actions() if not a.isSeparator()]  # type: ignore[attr-defined]
    assert entries == [
        "Check now", "Refresh quota", "Enable", "Disable", "Preferences…", "Remove…", "Copy"
    ]  # fmt: skip
    menu.close()


async def test_a_narrow_page_shows_icons_with_tooltips_instead_of_words(desk: Desk) -> None:
    page = await opened(desk)
    page.resize(700, 600)
    check = button(page, "Check now")
    assert check.text() == ""
    assert "Check now" in check.toolTip()
    page.resize(1000, 600)
    assert check.text() == "Check now"


async def test_an_account_that_signs_out_while_it_is_shown_changes_at_once(desk: Desk) -> None:
    from grokdesk.domain.errors import TokenRejectedError

    page = await opened(desk)
    select(page, "Work")
    await desk.stage.fail("id-Work", TokenRejectedError("The token is dead.", status=401))
    await desk.until(lambda: "Work  ·  Signed out" in page.details.words, timeout=2)
    assert "HTTP 401" in page.details.words
