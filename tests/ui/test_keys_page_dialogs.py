"""Making and editing API keys: what is entered, what is refused, and what is shown once."""

import asyncio
import datetime

import pytest
from desk import Desk, button, click, dialog, is_gone
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from stand_in import NOW
from test_keys_page import make, opened, select

from grokdesk.domain.apikey import ApiKey, ReasoningFormat
from grokdesk.domain.events import ApiKeysChanged
from grokdesk.domain.model_names import text_of
from grokdesk.ui.dialogs.key_edit import KeyDialog
from grokdesk.ui.dialogs.key_made import KeyMadeDialog
from grokdesk.ui.pages.keys import KeysPage

DAY = 86_400.0


async def asked_for_new(desk: Desk) -> tuple[KeysPage, KeyDialog]:
    page = await opened(desk)
    page.new_key()
    return page, dialog(page, KeyDialog)


async def editing(desk: Desk, key: ApiKey) -> KeyDialog:
    page = await opened(desk)
    select(page, key.name)
    page.key_actions.edit.trigger()
    return dialog(page, KeyDialog)


async def made(desk: Desk, page: KeysPage) -> KeyMadeDialog:
    await desk.until(lambda: any(d.isVisible() for d in page.findChildren(KeyMadeDialog)))
    return dialog(page, KeyMadeDialog)


def all_words(root: QWidget) -> str:
    labels = [label.text() for label in root.findChildren(QLabel)]
    return " ".join((*labels, *(edit.text() for edit in root.findChildren(QLineEdit))))


async def test_everything_about_a_new_key_is_saved_together(bare: Desk) -> None:
    page, form = await asked_for_new(bare)
    form.name.setText("  Cherry Studio ")
    form.expires.choose("30d")
    form.models.edit.setText("grok-chat-*")
    form.limits["requests_per_minute"].setText("60")
    form.limits["requests_per_day"].setText("1,000")
    form.limits["max_concurrent"].setText("4")
    form.reasoning.setCurrentIndex(1)
    form.aliases.setPlainText("gpt-*=grok-chat-fast\nclaude-*=grok-chat-expert")
    click(form.confirm)
    shown = await made(bare, page)
    key = bare.services.keys.authenticate(shown.key.value)
    assert key.name == "Cherry Studio"
    assert key.expires_at == NOW + 30 * DAY
    assert text_of(key.models) == "grok-chat-*"
    assert (key.requests_per_minute, key.requests_per_day, key.max_concurrent) == (60, 1000, 4)
    assert key.reasoning_format is ReasoningFormat.THINK
    assert text_of(key.aliases) == "gpt-*=grok-chat-fast, claude-*=grok-chat-expert"
    assert [key.name for key in page.table.selected()] == ["Cherry Studio"]


async def test_a_key_about_which_nothing_is_said_may_do_all(bare: Desk) -> None:
    page, form = await asked_for_new(bare)
    QTest.keyClick(form.name, Qt.Key.Key_Return)
    key = bare.services.keys.authenticate((await made(bare, page)).key.value)
    assert (key.name, key.models, key.expires_at, key.has_limits) == ("Key 1", (), None, False)


async def test_the_key_is_shown_once_with_the_address_beside_it(bare: Desk) -> None:
    page, form = await asked_for_new(bare)
    click(form.confirm)
    shown = await made(bare, page)
    secret = shown.key.value
    assert shown.address.value == "http://127.0.0.1:18787/v1"
    click(shown.copy)
    assert QGuiApplication.clipboard().text() == secret
    click(button(shown, "Done"))
    assert not shown.isVisible()
    await asyncio.sleep(0.05)
    assert bare.services.keys.fresh is None
    assert secret not in all_words(page)
    bare.kit.clipboard.forget_secret()
    assert QGuiApplication.clipboard().text() == "", "what happens after a minute"


async def test_enter_copies_the_key_first_and_leaves_then(bare: Desk) -> None:
    page, form = await asked_for_new(bare)
    click(form.confirm)
    shown = await made(bare, page)
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == shown.key.value
    assert shown.isVisible()
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert not shown.isVisible()


async def test_leaving_without_the_key_takes_two(bare: Desk) -> None:
    page, form = await asked_for_new(bare)
    click(form.confirm)
    shown = await made(bare, page)
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    assert shown.isVisible()
    assert "cannot be shown again" in shown.info.sentence
    shown.close()
    assert not shown.isVisible()


@pytest.mark.parametrize(
    ("field", "entered", "told"),
    [
        ("name", "   ", "A key needs a name of 1 to 60 printable characters."),
        ("name", "x" * 61, "A key needs a name of 1 to 60 printable characters."),
        ("name", "taken", "There is already a key named 'taken'."),
        ("models", "grok 4", "The list of models holds 'grok 4'"),
        ("requests_per_minute", "many", "The limit of requests per minute is a number from 1"),
        ("requests_per_day", "-1", "The limit of requests per day is a number from 1"),
        ("requests_per_day", "9" * 40, "The limit of requests per day is a number from 1"),
        ("max_concurrent", "1.5", "The limit of requests at once is a number from 1"),
        ("aliases", "gpt-4o", "The list of aliases holds 'gpt-4o'; write NAME=MODEL"),
        ("expires", "soon", "'soon' is no time to expire; write a date such as 2026-12-31"),
        ("expires", "2020-01-01", "The key would expire in the past."),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_lost(
    bare: Desk, field: str, entered: str, told: str
) -> None:
    await make(bare, "Taken")
    _page, form = await asked_for_new(bare)
    form.limits["requests_per_day"].setText("77")
    enter(form, field, entered)
    form.save()
    await bare.until(lambda: form.fields[field].error.startswith(told))
    assert [f.error for name, f in form.fields.items() if name != field] == [""] * 7
    assert form.isVisible()
    assert len(bare.services.keys.list()) == 1
    if field != "requests_per_day":
        assert form.limits["requests_per_day"].text() == "77"
    await bare.until(form.confirm.isEnabled)


def enter(form: KeyDialog, field: str, entered: str) -> None:
    if field == "name":
        form.name.setText(entered)
    elif field == "models":
        form.models.edit.setText(entered)
    elif field == "aliases":
        form.aliases.setPlainText(entered)
    elif field == "expires":
        form.expires.choose("date")
        form.expires.date.setText(entered)
    else:
        form.limits[field].setText(entered)


async def test_a_mistake_can_be_corrected_in_place(bare: Desk) -> None:
    page, form = await asked_for_new(bare)
    form.limits["requests_per_minute"].setText("many")
    form.save()
    await bare.until(lambda: form.fields["requests_per_minute"].error)
    assert form.focusWidget() is form.limits["requests_per_minute"]
    form.limits["requests_per_minute"].setText("6")
    form.save()
    assert (await made(bare, page)).key.value
    assert bare.services.keys.list()[0].requests_per_minute == 6


async def test_the_dialog_grows_with_what_it_has_to_say(bare: Desk) -> None:
    _page, form = await asked_for_new(bare)
    before = form.height()
    form.expires.choose("date")
    form.limits["requests_per_minute"].setText("many")
    form.save()
    await bare.until(lambda: form.height() > before)
    problem = form.fields["requests_per_minute"]._below
    await bare.until(lambda: problem.height() >= problem.heightForWidth(problem.width()))


async def test_a_date_counts_to_its_end_and_says_when_that_is(bare: Desk) -> None:
    page, form = await asked_for_new(bare)
    form.expires.choose("date")
    assert form.expires.date.isVisible()
    day = datetime.datetime.fromtimestamp(NOW + 9 * DAY).astimezone()
    form.expires.date.setText(day.date().isoformat())
    hint = form.fields["expires"]._below.text()
    assert hint.endswith(("in 9 d", " h")), hint
    form.expires.date.setText("tomorrow")
    assert form.fields["expires"]._below.text() == ""
    form.expires.date.setText(day.date().isoformat())
    click(form.confirm)
    key = bare.services.keys.authenticate((await made(bare, page)).key.value)
    end = day.replace(hour=0, minute=0, second=0) + datetime.timedelta(days=1)
    assert key.expires_at == end.timestamp()


async def test_boxes_write_into_the_list_of_models(bare: Desk) -> None:
    _page, form = await asked_for_new(bare)
    picker = form.models
    click(picker.boxes["grok-chat-fast"])
    click(picker.boxes["grok-chat-heavy"])
    assert picker.edit.text() == "grok-chat-fast, grok-chat-heavy"
    assert form.fields["models"]._below.text() == "2 of 4 models may be used."
    click(picker.boxes["grok-chat-fast"])
    assert picker.edit.text() == "grok-chat-heavy"


async def test_a_pattern_ticks_what_it_allows_and_only_it_can_take_it_back(bare: Desk) -> None:
    _page, form = await asked_for_new(bare)
    picker = form.models
    picker.edit.setText("grok-chat-e*, grok-4")
    ticked = {name for name, box in picker.boxes.items() if box.isChecked()}
    assert ticked == {"grok-chat-expert", "grok-chat-auto"}, "grok-4 is a name of grok-chat-auto"
    assert not picker.boxes["grok-chat-expert"].isEnabled()
    assert "grok-chat-e*" in picker.boxes["grok-chat-expert"].toolTip()
    click(picker.boxes["grok-chat-auto"])
    assert picker.edit.text() == "grok-chat-e*"


async def test_names_that_lead_nowhere_are_told_but_not_refused(bare: Desk) -> None:
    page, form = await asked_for_new(bare)
    form.models.edit.setText("grok-9, grok-chat-*")
    form.aliases.setPlainText("gpt-*=grok-10")
    assert form.fields["models"]._below.text() == "No model is called “grok-9” at present."
    assert form.fields["aliases"]._below.text() == "No model is called “grok-10” at present."
    click(form.confirm)
    assert (await made(bare, page)).key.value


async def test_an_edited_key_keeps_what_was_left_as_it_is(bare: Desk) -> None:
    key = await make(
        bare, "Guest", expires_at=NOW + 60, models="grok-4", requests_per_day=5, aliases="a=grok-4"
    )
    bare.stage.clock.advance(3600)
    form = await editing(bare, key)
    assert form.expires.choice.currentText() == "As it is"
    assert form.fields["expires"]._below.text().startswith("It expired ")
    form.name.setText("Visitor")
    form.save()
    await bare.until(lambda: is_gone(form))
    saved = bare.services.keys.find(key.id)
    assert saved.name == "Visitor"
    assert saved.expires_at == NOW + 60
    assert (saved.models, saved.aliases) == (key.models, key.aliases)
    assert saved.requests_per_day == 5


async def test_limits_and_lists_can_be_given_up(bare: Desk) -> None:
    key = await make(
        bare,
        "Tight",
        expires_at=NOW + DAY,
        models="grok-4",
        aliases="a=grok-4",
        requests_per_minute=3,
    )
    form = await editing(bare, key)
    form.expires.choose("never")
    form.models.edit.clear()
    form.aliases.clear()
    form.limits["requests_per_minute"].clear()
    form.save()
    await bare.until(lambda: is_gone(form))
    saved = bare.services.keys.find(key.id)
    assert (saved.expires_at, saved.models, saved.aliases, saved.has_limits) == (
        None, (), (), False
    )  # fmt: skip


async def test_saving_without_a_change_changes_nothing(bare: Desk) -> None:
    key = await make(bare, "Tight", models="grok-4, grok-chat-*", requests_per_minute=3)
    form = await editing(bare, key)
    heard: list[ApiKeysChanged] = []
    bare.services.bus.subscribe(ApiKeysChanged, heard.append)
    form.save()
    await bare.until(lambda: is_gone(form))
    assert heard == []


async def test_a_key_that_went_while_it_was_edited_is_told(bare: Desk) -> None:
    key = await make(bare, "Tight")
    form = await editing(bare, key)
    await bare.services.keys.revoke(key.id)
    form.aliases.setPlainText("a=grok-4")
    form.save()
    await bare.until(lambda: form.info.sentence == "This API key was revoked meanwhile.")
    assert form.isVisible()


async def test_a_key_in_the_making_cannot_be_lost_by_escape(bare: Desk) -> None:
    page, form = await asked_for_new(bare)
    form.save()
    QTest.keyClick(form, Qt.Key.Key_Escape)
    assert form.isVisible()
    secret = (await made(bare, page)).key.value
    assert bare.services.keys.authenticate(secret).name == "Key 1"


async def test_tab_goes_through_the_dialog_as_it_is_read(bare: Desk) -> None:
    _page, form = await asked_for_new(bare)
    form.activateWindow()
    reached = [form.focusWidget()]
    for _ in range(13):
        QTest.keyClick(form.focusWidget(), Qt.Key.Key_Tab)
        reached.append(form.focusWidget())
    assert reached == [
        form.name,
        form.expires.choice,
        form.models.edit,
        *form.models.boxes.values(),
        *form.limits.values(),
        form.aliases,
        form.reasoning,
        button(form, "Cancel"),
        form.confirm,
    ]
