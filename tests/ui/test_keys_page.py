"""The API keys: what the page tells of them and what can be done with them."""

import asyncio
from dataclasses import replace

import pytest
from desk import Desk, button, click, dialog
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from stand_in import NOW, usage_row

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.errors import KeyEndedError
from grokdesk.domain.usage import TokenCount
from grokdesk.kernel.clock import ManualClock
from grokdesk.services.gateway import GatewayState
from grokdesk.services.key_policy import KeyWishes
from grokdesk.ui.dialogs.ask import AskDialog
from grokdesk.ui.dialogs.key_edit import KeyDialog
from grokdesk.ui.dialogs.key_made import KeyMadeDialog
from grokdesk.ui.models.keys import KeyColumn, KeysModel
from grokdesk.ui.pages.keys import KeysPage
from grokdesk.ui.presenters.key_row import build_row

DAY = 86_400.0


async def opened(desk: Desk, width: int = 1000) -> KeysPage:
    page = desk.show(KeysPage(desk.kit), width, 700)
    await desk.until(lambda: page._usage is not None)
    return page


async def make(desk: Desk, name: str, **wishes: object) -> ApiKey:
    key, _ = await desk.services.keys.create(name, here=False, **wishes)  # type: ignore[arg-type]
    return key


def select(page: KeysPage, *names: str) -> None:
    page.table.clearSelection()
    for place, row in enumerate(page.model.shown):
        if row.key.name in names:
            flags = QItemSelectionModel.SelectionFlag
            index = page.model.index(place, 0)
            page.table.selectionModel().select(index, flags.Select | flags.Rows)


def cell(page: KeysPage, name: str, column: KeyColumn) -> str:
    return next(page.model.cell(row, column) for row in page.model.shown if row.key.name == name)


def names(page: KeysPage) -> list[str]:
    return [row.key.name for row in page.model.shown]


def page_words(asked: AskDialog) -> str:
    return " ".join(label.text() for label in asked.findChildren(QLabel))


async def test_without_keys_the_page_explains_itself_and_offers_the_first(bare: Desk) -> None:
    page = await opened(bare)
    assert not page.table.isVisible()
    click(button(page, "New key"))
    click(dialog(page, KeyDialog).confirm)
    await bare.until(lambda: page.table.isVisible())
    assert [key.name for key in bare.services.keys.list()] == ["Key 1"]


async def test_every_state_is_told_in_words(bare: Desk) -> None:
    await make(bare, "Usual")
    await make(bare, "Guest", expires_at=NOW + 2.5 * DAY)
    await make(bare, "Lecture", expires_at=NOW + 240 * DAY)
    await make(bare, "Past", expires_at=NOW + 60)
    await make(bare, "Away", enabled=False)
    bare.stage.clock.advance(120)
    page = await opened(bare)
    told = {name: cell(page, name, KeyColumn.STATE) for name in names(page)}
    assert told == {
        "Usual": "Active",
        "Guest": "Expires in 2 d",
        "Lecture": "Expires in 239 d",
        "Past": "Expired",
        "Away": "Switched off",
    }


async def test_models_and_limits_are_told_in_words(bare: Desk) -> None:
    await make(bare, "Free")
    await make(
        bare,
        "Tight",
        models="grok-chat-*, grok-4",
        requests_per_minute=60,
        requests_per_day=1_000,
        max_concurrent=4,
    )
    page = await opened(bare)
    assert cell(page, "Free", KeyColumn.MODELS) == "All"
    assert cell(page, "Free", KeyColumn.LIMITS) == "None"
    assert cell(page, "Tight", KeyColumn.MODELS) == "grok-chat-*, grok-4"
    assert cell(page, "Tight", KeyColumn.LIMITS) == "60 a minute, 1,000 a day, 4 at once"


async def test_use_is_counted_while_the_page_is_open(bare: Desk) -> None:
    key = await make(bare, "Cherry Studio")
    page = await opened(bare)
    assert cell(page, "Cherry Studio", KeyColumn.TODAY) == "0"
    assert cell(page, "Cherry Studio", KeyColumn.LAST_USED) == "never"
    row = replace(usage_row(0), key_id=key.id, tokens=TokenCount(prompt=9_000, completion=3_400))
    bare.services.usage.record(row)
    wanted = "1 request, ≈12.4 k tokens"
    await bare.until(lambda: cell(page, "Cherry Studio", KeyColumn.TODAY) == wanted)
    assert cell(page, "Cherry Studio", KeyColumn.MONTH) == wanted
    assert cell(page, "Cherry Studio", KeyColumn.LAST_USED) == "just now"


async def test_what_somebody_else_changes_is_seen_within_a_second(bare: Desk) -> None:
    key = await make(bare, "Cherry Studio")
    page = await opened(bare)
    await bare.services.keys.configure(key.id, enabled=False)
    await bare.until(
        lambda: cell(page, "Cherry Studio", KeyColumn.STATE) == "Switched off", timeout=1
    )
    await bare.services.keys.revoke(key.id)
    await bare.until(page._nothing_yet.isVisible, timeout=1)


async def test_keys_are_switched_off_and_on_together_and_stay_selected(bare: Desk) -> None:
    keys = [await make(bare, name) for name in ("One", "Two", "Three")]
    page = await opened(bare)
    select(page, "One", "Two")
    click(button(page, "Switch off"))
    await bare.until(lambda: sum(key.enabled for key in bare.services.keys.list()) == 1)
    await bare.until(lambda: not page.key_actions.switch_off.isEnabled())
    assert {key.name for key in page.table.selected()} == {"One", "Two"}
    with pytest.raises(KeyEndedError):
        bare.services.keys.current(keys[0])
    click(button(page, "Switch on"))
    await bare.until(lambda: all(key.enabled for key in bare.services.keys.list()))


async def test_actions_are_offered_only_where_they_make_sense(bare: Desk) -> None:
    await make(bare, "On")
    await make(bare, "Off", enabled=False)
    page = await opened(bare)
    actions = page.key_actions
    assert not any(action.isEnabled() for action in actions.all)
    select(page, "On")
    offered = [action.text() for action in actions.all if action.isEnabled()]
    assert offered == ["Edit…", "Switch off", "Revoke…", "Copy"]
    select(page, "On", "Off")
    offered = [action.text() for action in actions.all if action.isEnabled()]
    assert offered == ["Switch on", "Switch off", "Revoke…", "Copy"]


async def test_revoking_says_what_becomes_of_running_answers_and_enter_does_not_do_it(
    bare: Desk,
) -> None:
    await make(bare, "Cherry Studio")
    page = await opened(bare)
    select(page, "Cherry Studio")
    page.key_actions.revoke.trigger()
    asked = dialog(page, AskDialog)
    assert "still arriving with it are cut off" in page_words(asked)
    QTest.keyClick(asked, Qt.Key.Key_Return)
    await asyncio.sleep(0.05)
    assert len(bare.services.keys.list()) == 1
    page.key_actions.revoke.trigger()
    click(button(dialog(page, AskDialog), "Revoke"))
    await bare.until(lambda: page.info.sentence == "“Cherry Studio” was revoked.")
    assert bare.services.keys.list() == ()
    await bare.until(lambda: not page.details.isVisible())


async def test_several_keys_are_revoked_together(bare: Desk) -> None:
    for name in ("One", "Two", "Three"):
        await make(bare, name)
    page = await opened(bare)
    select(page, "One", "Three")
    page.key_actions.revoke.trigger()
    asked = dialog(page, AskDialog)
    assert asked.windowTitle() == "Revoke 2 API keys?"
    click(button(asked, "Revoke"))
    await bare.until(lambda: names(page) == ["Two"])
    assert page.info.sentence == "2 API keys were revoked."


async def test_a_key_that_went_meanwhile_can_still_be_revoked(bare: Desk) -> None:
    key = await make(bare, "Cherry Studio")
    page = await opened(bare)
    select(page, "Cherry Studio")
    page.key_actions.revoke.trigger()
    await bare.services.keys.revoke(key.id)
    click(button(dialog(page, AskDialog), "Revoke"))
    await bare.until(lambda: page.info.sentence == "“Cherry Studio” was revoked.")


async def test_the_filter_comes_with_many_keys_and_finds_by_state_and_model(bare: Desk) -> None:
    for number in range(8):
        await make(bare, f"Key {number}", enabled=number != 3)
    await make(bare, "Tight", models="grok-chat-expert")
    page = await opened(bare)
    page.activateWindow()
    QTest.keyClick(page, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    await bare.until(page.filter.hasFocus)
    page.filter.setText("switched")
    await bare.until(lambda: names(page) == ["Key 3"])
    page.filter.setText("EXPERT")
    await bare.until(lambda: names(page) == ["Tight"])
    assert page._counter.text() == "1 of 9 shown"
    page.filter.setText("nobody")
    await bare.until(lambda: names(page) == [])
    click(button(page, "Clear the filter"))
    await bare.until(lambda: len(names(page)) == 9)


async def test_a_few_keys_need_no_filter(bare: Desk) -> None:
    await make(bare, "Only one")
    page = await opened(bare)
    assert not page.filter.isVisible()
    assert page._counter.text() == "1 API key"


async def test_columns_sort_by_what_they_mean(bare: Desk) -> None:
    await make(bare, "Day", requests_per_day=2_000)
    await make(bare, "Minute", requests_per_minute=1)
    await make(bare, "Free", expires_at=NOW + DAY)
    await make(bare, "Away", enabled=False)
    page = await opened(bare)
    page.table.sortByColumn(KeyColumn.LIMITS, Qt.SortOrder.AscendingOrder)
    assert names(page)[:2] == ["Minute", "Day"], "1 a minute is 1,440 a day"
    page.table.sortByColumn(KeyColumn.STATE, Qt.SortOrder.DescendingOrder)
    assert names(page)[:2] == ["Away", "Free"]


async def test_the_keyboard_makes_edits_and_revokes(bare: Desk) -> None:
    await make(bare, "Cherry Studio")
    page = await opened(bare)
    page.activateWindow()
    page.table.setFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Down)
    page.table.selectRow(0)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    QTest.keyClick(dialog(page, KeyDialog), Qt.Key.Key_Escape)
    QTest.keyClick(page.table, Qt.Key.Key_F2)
    assert dialog(page, KeyDialog).windowTitle() == "Edit Cherry Studio"
    QTest.keyClick(dialog(page, KeyDialog), Qt.Key.Key_Escape)
    QTest.keyClick(page.table, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert dialog(page, KeyDialog).windowTitle() == "New API key"
    QTest.keyClick(dialog(page, KeyDialog), Qt.Key.Key_Escape)
    QTest.keyClick(page.table, Qt.Key.Key_Delete)
    QTest.keyClick(dialog(page, AskDialog), Qt.Key.Key_Escape)
    assert len(bare.services.keys.list()) == 1


async def test_ctrl_c_copies_rows_for_a_spreadsheet_without_the_key_itself(bare: Desk) -> None:
    key, secret = await bare.services.keys.create("Cherry Studio", here=False)
    page = await opened(bare)
    select(page, "Cherry Studio")
    QTest.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().split("\n")
    assert lines[0].split("\t")[:3] == ["API key", "State", "Models"]
    assert lines[1].startswith(f"Cherry Studio, {key.hint}\tActive\tAll")
    assert secret not in QGuiApplication.clipboard().text()


async def test_the_card_tells_what_is_left_and_what_leads_nowhere(bare: Desk) -> None:
    wishes: KeyWishes = {
        "requests_per_minute": 5,
        "aliases": "gpt-4o=grok-9",
        "reasoning_format": "think",
    }
    await make(bare, "Cherry Studio", **wishes)
    page = await opened(bare)
    select(page, "Cherry Studio")
    assert page.details.isVisible()
    assert "No model is called “grok-9” at present." in page.details.words
    assert page.details.rules.value("Model names") == "gpt-4o → grok-9"
    assert page.details.rules.value("Reasoning") == "In the text, as <think> tags"
    assert page.details.use.value("Left now") == "5 of 5 requests"
    key = bare.services.keys.find("Cherry Studio")
    with bare.services.admission.admit(key, "grok-chat-fast"):
        await bare.until(lambda: page.details.use.value("Left now").startswith("4 of 5 requests"))


async def test_an_expired_key_says_since_when_and_what_helps(bare: Desk) -> None:
    await make(bare, "Guest", expires_at=NOW + 60)
    bare.stage.clock.advance(3660)
    page = await opened(bare)
    select(page, "Guest")
    assert "It expired 1 h ago" in page.details.words
    assert "Edit it to give it more time" in page.details.words


async def test_a_narrow_page_keeps_names_states_and_limits(bare: Desk) -> None:
    await make(bare, "Cherry Studio")
    page = await opened(bare, width=894)
    shown = [column for column in KeyColumn if not page.table.isColumnHidden(column)]
    assert shown == list(KeyColumn), "at the smallest size of the window"
    page.resize(760, 600)
    shown = [column for column in KeyColumn if not page.table.isColumnHidden(column)]
    assert shown[:4] == [KeyColumn.NAME, KeyColumn.STATE, KeyColumn.MODELS, KeyColumn.LIMITS]
    assert KeyColumn.MONTH not in shown


@pytest.mark.parametrize("state", [GatewayState.STOPPED, GatewayState.PAUSED, GatewayState.FAILED])
async def test_keys_are_made_also_while_the_gateway_rests(bare: Desk, state: GatewayState) -> None:
    bare.services.gateway.change(state=state, port=0)
    page = await opened(bare)
    page.new_key()
    click(dialog(page, KeyDialog).confirm)
    await bare.until(lambda: page.findChildren(KeyMadeDialog))
    made = dialog(page, KeyMadeDialog)
    assert made.address.value == "http://127.0.0.1:18787/v1", "as the settings say"
    assert "gateway" in made.info.sentence


async def test_the_overview_leads_to_all_keys(desk: Desk) -> None:
    with desk.face() as ui:
        ui.window.open_page("overview")
        click(button(ui.window, "All API keys"))
        assert ui.window.page_id == "keys"


def test_the_model_passes_qts_own_checks(qtmodeltester: object) -> None:
    model = KeysModel(ManualClock(NOW))
    keys = [ApiKey(id=name, name=name, digest=name, hint="gd-…", created_at=NOW) for name in "ba"]
    model.install(build_row(key, None, NOW) for key in keys)
    qtmodeltester.check(model)  # type: ignore[attr-defined]
    unknown = [model.cell(model.shown[0], column) for column in (KeyColumn.TODAY, KeyColumn.MONTH)]
    assert unknown == ["—", "—"], "unknown is not zero"
