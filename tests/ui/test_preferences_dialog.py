from desk import Desk, button, click, dialog, is_gone
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from stand_in import account
from test_accounts_model import snapshot
from test_accounts_page import opened, select

from grokdesk.domain.account import Tier
from grokdesk.services.accounts import DEFAULT, AccountSnapshot
from grokdesk.ui.dialogs.preferences import PreferencesDialog
from grokdesk.ui.pages.accounts import AccountsPage
from grokdesk.ui.presenters.preferences import MIXED, Preferences, parse_calls


def asked(page: AccountsPage) -> PreferencesDialog:
    page.account_actions.preferences.trigger()
    return dialog(page, PreferencesDialog)


def of(desk: Desk, name: str) -> AccountSnapshot:
    return next(a for a in desk.services.accounts.snapshot() if a.id == f"id-{name}")


async def test_everything_about_one_account_is_saved_together(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Work")
    form = asked(page)
    form._label.setText(" Office ")
    form._priority.setText("5")
    form._calls.setText("2")
    form._note.setPlainText("Paid by the office\nuntil May")
    form._tier.setCurrentIndex(form._tier.findText("Heavy"))
    click(form.confirm)
    await desk.until(lambda: is_gone(form))
    saved = of(desk, "Work")
    assert (saved.label, saved.priority, saved.max_in_flight) == ("Office", 5, 2)
    assert saved.note == "Paid by the office\nuntil May"
    assert (saved.tier, saved.tier_pinned) == (Tier.HEAVY, True)
    await desk.until(lambda: page.details.facts.value("Priority") == "5")
    assert page.details.facts.value("Running") == "0 of 2 at once (set by you)"


async def test_what_was_chosen_can_be_given_back(desk: Desk) -> None:
    await desk.services.accounts.configure("id-Work", tier=Tier.HEAVY, max_in_flight=3, priority=7)
    page = await opened(desk)
    select(page, "Work")
    form = asked(page)
    assert (form._calls.text(), form._priority.text()) == ("3", "7")
    assert form._tier.currentText() == "Heavy"
    form._calls.clear()
    form._priority.clear()
    form._tier.setCurrentIndex(form._tier.findText("Find out by checking"))
    form.save()
    await desk.until(lambda: is_gone(form))
    saved = of(desk, "Work")
    assert (saved.max_in_flight, saved.priority, saved.tier_pinned) == (None, 0, False)


async def test_what_is_wrong_is_told_at_its_field(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Work")
    form = asked(page)
    for entered in ("1001", "many", "1_0", "٣", "1.5"):
        form._priority.setText(entered)
        form.save()
        problem = form.fields["priority"].error
        assert problem == "Enter a whole number from -1,000 to 1,000.", entered
        assert form.focusWidget() is form._priority
    form._priority.setText("1")
    form._calls.setText("0")
    form.save()
    assert form.fields["max_in_flight"].error == "Enter a whole number from 1 to 100."
    assert form.fields["priority"].error == ""
    assert of(desk, "Work").priority == 0, "nothing is saved by halves"


async def test_what_the_service_refuses_is_told_at_its_field(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Work")
    form = asked(page)
    form._label.setText("   ")
    form.save()
    await desk.until(lambda: "1 to 80" in form.fields["label"].error)
    form._label.setText("Work")
    form._note.setPlainText("x" * 2001)
    form.save()
    await desk.until(lambda: "2000" in form.fields["note"].error)
    assert form.isVisible()
    assert form.confirm.isEnabled()


async def test_several_accounts_keep_what_is_left_as_it_is(desk: Desk) -> None:
    await desk.services.accounts.configure("id-Studio", priority=3, note="Studio's own")
    page = await opened(desk)
    select(page, "Work", "Studio", "Spare")
    form = asked(page)
    assert form.windowTitle() == "Preferences of 3 accounts"
    assert not form.fields["label"].isVisible()
    assert form._priority.placeholderText() == "Several"
    form._calls.setText("4")
    form.save()
    await desk.until(lambda: all(of(desk, n).max_in_flight == 4 for n in ("Work", "Studio")))
    await desk.until(lambda: of(desk, "Spare").max_in_flight == 4)
    assert of(desk, "Studio").priority == 3
    assert of(desk, "Studio").note == "Studio's own"
    assert [of(desk, name).label for name in ("Work", "Studio")] == ["Work", "Studio"]


async def test_saving_without_a_change_changes_nothing(desk: Desk) -> None:
    page = await opened(desk)
    select(page, "Work", "Studio")
    before = desk.services.accounts.snapshot()
    form = asked(page)
    form.save()
    assert not form.isVisible()
    assert desk.services.accounts.snapshot() == before


async def test_the_whole_dialog_can_be_done_by_keyboard(desk: Desk) -> None:
    page = await opened(desk)
    page.activateWindow()
    select(page, "Work")
    QTest.keyClick(page.table, Qt.Key.Key_F2)
    form = dialog(page, PreferencesDialog)
    assert form.focusWidget() is form._label
    reached: list[QWidget] = []
    for _ in range(6):
        QTest.keyClick(form.focusWidget(), Qt.Key.Key_Tab)
        reached.append(form.focusWidget())
    assert reached[:4] == [form._tier, form._priority, form._calls, form._note]
    assert reached[4:] == [button(form, "Cancel"), form.confirm]
    form._label.setText("Office")
    QTest.keyClick(form._label, Qt.Key.Key_Return)
    await desk.until(lambda: of(desk, "Work").label == "Office")


async def test_the_demo_account_has_no_preferences(bare: Desk) -> None:
    bare.stage.pool.put(account("Demo", demo=True))
    page = await opened(bare)
    await bare.until(lambda: len(page.model.shown) == 1)
    select(page, "Demo")
    assert not page.account_actions.preferences.isEnabled()


def test_a_pinned_tier_is_a_choice_and_a_found_one_is_not() -> None:
    found, pinned = snapshot("a", tier=Tier.SUPER), snapshot("b", tier=Tier.SUPER, tier_pinned=True)
    assert Preferences.of([found]).tier is DEFAULT
    assert Preferences.of([pinned]).tier is Tier.SUPER
    assert Preferences.of([found, pinned]).tier is MIXED


def test_an_empty_number_of_calls_is_as_the_settings_say() -> None:
    assert parse_calls("") is DEFAULT
    assert parse_calls("100") == 100
