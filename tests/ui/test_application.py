import asyncio

from desk import Desk, button, click, dialog
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from stand_in import account

from grokdesk.ui.dialogs.ask import AskDialog, NameDialog
from grokdesk.ui.dialogs.import_accounts import ImportDialog
from grokdesk.ui.shell import PAGES, SMALLEST
from grokdesk.ui.tokens import DARK


async def test_a_minimized_start_shows_no_window(bare: Desk) -> None:
    with bare.face(minimized=True):
        assert not [w for w in bare.app.topLevelWidgets() if w.isVisible()]


async def test_without_a_tray_host_the_window_opens_after_ten_seconds(bare: Desk) -> None:
    with bare.face(minimized=True, hosted=False) as ui:
        ui.tray._waited_ms = 9_500
        await bare.until(lambda: ui.window.isVisible(), timeout=2)


async def test_a_tray_that_appears_later_is_adopted(bare: Desk) -> None:
    with bare.face(hosted=False) as ui:
        assert not ui.tray.hosted
        ui.tray._host_exists = lambda: True
        await bare.until(lambda: ui.tray.hosted, timeout=2)


async def test_the_first_close_tells_where_the_program_went(bare: Desk) -> None:
    with bare.face() as ui:
        ui.window.close()
        assert ui.window.isVisible()
        click(button(dialog(ui.window, AskDialog), "Keep running"))
        assert not ui.window.isVisible()
        ui.raise_window()
        ui.window.close()
        assert not ui.window.isVisible()
        assert bare.quits == []


async def test_the_first_close_offers_to_quit_instead(bare: Desk) -> None:
    with bare.face() as ui:
        ui.window.close()
        click(button(dialog(ui.window, AskDialog), "Quit instead"))
        assert bare.quits == [None]


async def test_without_a_tray_closing_asks_and_can_minimise(bare: Desk) -> None:
    with bare.face(hosted=False) as ui:
        ui.window.close()
        asked = dialog(ui.window, AskDialog)
        assert asked.windowTitle() == "Quit Grokdesk?"
        click(button(asked, "Minimise"))
        assert ui.window.isMinimized()
        assert bare.quits == []


async def test_closing_quits_when_the_user_set_it_so(bare: Desk) -> None:
    await bare.services.settings.update({"ui.close_to_tray": False})
    with bare.face() as ui:
        ui.window.close()
        assert bare.quits == [None]


async def test_quitting_with_running_answers_asks_once(bare: Desk) -> None:
    with bare.face() as ui:
        bare.services.gateway.count(2)
        ui.quit()
        asked = dialog(ui.window, AskDialog)
        assert asked.windowTitle() == "2 answers are still arriving"
        click(button(asked, "Wait"))
        assert bare.quits == []
        ui.quit()
        click(button(dialog(ui.window, AskDialog), "Quit"))
        assert bare.quits == [None]


async def test_quitting_a_second_time_does_not_ask_again(bare: Desk) -> None:
    with bare.face() as ui:
        bare.services.gateway.count(1)
        ui.quit()
        ui.quit()
        ui.quit()
        assert bare.quits == [None]


async def test_ctrl_q_quits_and_ctrl_numbers_turn_pages(desk: Desk) -> None:
    with desk.face() as ui:
        window = ui.window
        window.activateWindow()
        await desk.until(window.isActiveWindow)
        for number, entry in enumerate(PAGES, start=1):
            QTest.keyClick(
                window, Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.ControlModifier
            )
            assert window.page_id == entry.id
        QTest.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
        assert desk.quits == [None]


async def test_page_and_size_survive_a_restart(bare: Desk) -> None:
    with bare.face() as ui:
        # As wide as it can be small: Qt brings windows back into the screen, here a tiny one.
        ui.window.resize(960, 650)
        ui.window.open_page("playground")
    with bare.face() as ui:
        assert ui.window.size() == QSize(960, 650)
        assert ui.window.page_id == "playground"


async def test_a_size_from_a_damaged_file_is_replaced_by_a_usable_one(bare: Desk) -> None:
    (bare.folder / "window.json").write_text('{"geometry": "AAAA", "page": "../etc"}')
    with bare.face() as ui:
        assert ui.window.page_id == "overview"
        assert ui.window.width() >= SMALLEST.width()


async def test_the_terms_notice_is_shown_until_it_is_acknowledged(bare: Desk) -> None:
    with bare.face() as ui:
        click(button(ui.window.terms, "I understand"))
        assert not ui.window.terms.isVisible()
    with bare.face() as ui:
        assert not ui.window.terms.isVisible()


async def test_demo_mode_is_announced_and_offers_the_import(bare: Desk) -> None:
    with bare.face() as ui:
        assert not ui.window.demo.isVisible()
        bare.services.gateway.change(demo=True)
        await bare.until(ui.window.demo.isVisible)
        click(button(ui.window.demo, "Import tokens"))
        assert dialog(ui.window, ImportDialog)


async def test_an_import_ends_on_the_accounts_page_with_its_result(bare: Desk) -> None:
    with bare.face() as ui:
        ui.window.import_accounts()
        asked = dialog(ui.window, ImportDialog)
        asked.drop.edit.setPlainText("token-number-one-0123456789")
        await bare.until(asked.confirm.isEnabled)
        click(asked.confirm)
        await bare.until(lambda: ui.window.page_id == "accounts")
        assert ui.window.page("accounts").info.sentence == "1 account imported."


async def test_the_status_chip_follows_the_gateway_and_leads_to_the_overview(desk: Desk) -> None:
    with desk.face() as ui:
        ui.window.open_page("settings")
        desk.services.gateway.pause()
        status = ui.window.sidebar.status
        await desk.until(lambda: status.accessibleName() == "Gateway paused, 127.0.0.1:18787")
        click(status)
        assert ui.window.page_id == "overview"


async def test_a_narrow_window_keeps_its_pages_as_icons(desk: Desk) -> None:
    with desk.face() as ui:
        ui.window.resize(960, 620)
        pages = ui.window.sidebar._buttons
        assert all(button.text() == "" for button, _icon in pages.values())
        assert all(button.accessibleName() for button, _icon in pages.values())
        ui.window.resize(1180, 760)
        assert pages["accounts"][0].text() == "Accounts"


async def test_the_theme_setting_applies_live(bare: Desk) -> None:
    with bare.face():
        await bare.services.settings.update({"ui.theme": "dark"})
        await bare.until(lambda: DARK.window in bare.app.styleSheet())


async def test_the_tray_toggles_the_window(bare: Desk) -> None:
    with bare.face(minimized=True) as ui:
        ui.tray.toggle_wanted.emit()
        await bare.until(lambda: ui.window.isVisible() and ui.window.isActiveWindow())
        ui.tray.toggle_wanted.emit()
        assert not ui.window.isVisible()


async def test_copying_the_key_from_the_tray_makes_one_when_none_can_be_copied(bare: Desk) -> None:
    with bare.face(minimized=True) as ui:
        ui.tray.key_wanted.emit()
        assert dialog(ui.window.page("overview"), NameDialog)
        await bare.services.keys.create("Mine")
        ui.tray.key_wanted.emit()
        assert QGuiApplication.clipboard().text() == bare.services.keys.fresh


async def test_a_copied_key_does_not_outlive_the_program_on_the_clipboard(bare: Desk) -> None:
    await bare.services.keys.create("Mine")
    with bare.face(minimized=True) as ui:
        ui.tray.key_wanted.emit()
    assert QGuiApplication.clipboard().text() == ""


async def test_something_copied_since_is_left_alone(bare: Desk) -> None:
    await bare.services.keys.create("Mine")
    with bare.face(minimized=True) as ui:
        ui.tray.key_wanted.emit()
        QGuiApplication.clipboard().setText("mine")
    assert QGuiApplication.clipboard().text() == "mine"


async def test_windows_can_be_opened_and_closed_a_hundred_times(desk: Desk) -> None:
    with desk.face() as ui:
        await asyncio.sleep(0.05)
        ui.window.open_page("accounts")
        for _ in range(100):
            ui.window.import_accounts()
            dialog(ui.window, ImportDialog).reject()
            await asyncio.sleep(0)
        await desk.until(lambda: not ui.window.findChildren(ImportDialog))


async def test_changes_after_the_shutdown_reach_nobody(bare: Desk) -> None:
    with bare.face() as ui:
        ui.window.open_page("accounts")
    bare.services.gateway.pause()
    await bare.stage.add(account("late"))
    await asyncio.sleep(0.2)
