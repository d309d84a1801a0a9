import asyncio

from desk import Desk, button, click, dialog
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from stand_in import account

from grokdesk.domain.account import Tier
from grokdesk.domain.errors import UpstreamTimeoutError
from grokdesk.ui.dialogs.ask import AskDialog, NameDialog
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
        "Ready", "Cooling down", "Used up", "Signed out", "Blocked", "Disabled", "Locked"
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
    assert actions.rename.isEnabled()
    select(page, "Work", "Spare")
    assert actions.enable.isEnabled()
    assert not actions.rename.isEnabled()


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
    await desk.until(lambda: page._bulk is not None and page._bulk.cancelled())
    assert desk.stage.upstream.probed == []


async def test_accounts_are_disabled_and_enabled_together(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Work", "Studio")
    page.account_actions.disable.trigger()
    await desk.until(lambda: state_of(desk, "Work") == state_of(desk, "Studio") == "disabled")
    await desk.until(page.account_actions.enable.isEnabled)
    page.account_actions.enable.trigger()
    await desk.until(lambda: state_of(desk, "Work") == state_of(desk, "Studio") == "ready")


async def test_the_tier_can_be_pinned_and_released(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "New one")
    page._set_tier(Tier.HEAVY)
    await desk.until(lambda: page.details.isVisible() and "Heavy (set by you)" in _title(page))
    page._set_tier(None)
    await desk.until(lambda: "Heavy" not in _title(page))


async def test_renaming_shows_the_new_label_and_refuses_an_empty_one(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Work")
    page.account_actions.rename.trigger()
    asked = dialog(page, NameDialog)
    entry = asked.findChildren(QLineEdit)[0]
    entry.setText("  ")
    assert not button(asked, "Rename").isEnabled()
    entry.setText(" Office ")
    QTest.keyClick(entry, Qt.Key.Key_Return)
    await desk.until(lambda: any(r.account.label == "Office" for r in page.model.shown))


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


async def test_the_strip_explains_why_one_account_does_not_work(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Old phone")
    assert "grok.com rejected the session token (HTTP 401), 2 h ago." in page.details.words
    select(page, "Old phone", "Trial")
    assert not page.details.isVisible()


async def test_the_menu_has_what_the_toolbar_has(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Work")
    page.account_actions.popup(page.mapToGlobal(page.rect().center()))
    menu = next(w for w in desk.app.topLevelWidgets() if w.inherits("QMenu") and w.isVisible())
    entries = [a.text() for a in menu.actions() if not a.isSeparator()]  # type: ignore[attr-defined]
    assert entries == [
        "Check now", "Enable", "Disable", "Rename…", "Tier", "Remove…", "Copy"
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
    await desk.until(lambda: "The token is dead (HTTP 401)" in page.details.words, timeout=2)


def _title(page: AccountsPage) -> str:
    return page.details._title.text()
