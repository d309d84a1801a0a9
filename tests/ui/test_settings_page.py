from desk import Desk, button, click
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from grokdesk.settings.layers import Source
from grokdesk.settings.service import SettingInfo
from grokdesk.ui.pages.settings import SettingsPage
from grokdesk.ui.presenters.connection import CONNECTION_KEYS
from grokdesk.ui.presenters.setting_rows import SettingRow, sections_of
from grokdesk.ui.widgets.combo import ComboBox
from grokdesk.ui.widgets.setting_editor import SettingEditor
from grokdesk.ui.widgets.switch import Switch


def opened(desk: Desk) -> SettingsPage:
    return desk.show(SettingsPage(desk.kit), 900, 700)


def enter(editor: SettingEditor, text: str) -> None:
    assert isinstance(editor.editor, QLineEdit)
    editor.editor.setText(text)
    QTest.keyClick(editor.editor, Qt.Key.Key_Return)


async def test_every_setting_has_an_editor_of_its_kind(bare: Desk) -> None:
    page = opened(bare)
    for info in bare.services.settings.describe():
        if info.key in CONNECTION_KEYS:
            assert info.key not in page.editors
            continue
        editor = page.editors[info.key].editor
        if isinstance(info.value, bool):
            assert isinstance(editor, Switch)
        elif info.choices:
            assert isinstance(editor, ComboBox)
            assert editor.count() == len(info.choices)
        else:
            assert isinstance(editor, QLineEdit)
        assert editor.accessibleName()


async def test_a_switch_applies_at_once(bare: Desk) -> None:
    page = opened(bare)
    assert bare.services.settings.current.ui.close_to_tray
    click(page.editors["ui.close_to_tray"].editor)
    await bare.until(lambda: not bare.services.settings.current.ui.close_to_tray)


async def test_a_number_applies_when_it_is_entered(bare: Desk) -> None:
    page = opened(bare)
    enter(page.editors["pool.max_in_flight"], "3")
    await bare.until(lambda: bare.services.settings.current.pool.max_in_flight == 3)


async def test_a_refused_value_explains_itself_and_shows_the_old_one(bare: Desk) -> None:
    page = opened(bare)
    editor = page.editors["gateway.port"]
    enter(editor, "99999")
    assert editor.error == "Port must be between 0 and 65535."
    assert isinstance(editor.editor, QLineEdit)
    assert editor.editor.text() == "18787"
    enter(editor, "many")
    assert editor.error == "Enter a number."
    enter(editor, "18800")
    await bare.until(lambda: bare.services.settings.current.gateway.port == 18800)
    assert editor.error == ""


async def test_a_changed_value_can_be_reset(bare: Desk) -> None:
    page = opened(bare)
    editor = page.editors["pool.max_in_flight"]
    assert not editor._reset.isVisible()
    enter(editor, "3")
    await bare.until(editor._reset.isVisible)
    click(editor._reset)
    await bare.until(lambda: bare.services.settings.current.pool.max_in_flight == 8)
    await bare.until(lambda: not editor._reset.isVisible())


async def test_a_change_from_elsewhere_shows_up(bare: Desk) -> None:
    page = opened(bare)
    await bare.services.settings.update({"ui.theme": "dark"})
    choice = page.editors["ui.theme"].editor
    assert isinstance(choice, ComboBox)
    await bare.until(lambda: choice.currentData() == "dark")


async def test_what_has_the_connection_page_is_one_click_away(bare: Desk) -> None:
    page = opened(bare)
    wanted: list[str] = []
    page.wants_page.connect(wanted.append)
    button(page, "Open connection").click()
    assert wanted == ["connection"]


async def test_the_wheel_does_not_change_a_choice(bare: Desk) -> None:
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    page = opened(bare)
    choice = page.editors["ui.theme"].editor
    assert isinstance(choice, ComboBox)
    turn = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(choice, turn)
    assert choice.currentIndex() == 0


def test_a_pinned_setting_says_who_pinned_it() -> None:
    info = SettingInfo(
        key="gateway.port",
        value=1,
        default=2,
        source=Source.ENVIRONMENT,
        doc="The port.",
        unit="",
        choices=(),
        needs_restart=False,
        pinned_by="GROKDESK_GATEWAY_PORT",
    )
    row = SettingRow("Port", info)
    assert row.help == "The port. Set by GROKDESK_GATEWAY_PORT; it can only be changed there."
    assert not row.is_default


def test_sections_the_page_has_no_title_for_come_last() -> None:
    def info(key: str) -> SettingInfo:
        return SettingInfo(key, 1, 1, Source.DEFAULT, "Doc.", "", (), False, "")

    sections = sections_of([info("novel.some_thing"), info("gateway.port"), info("ui.theme")])
    assert [section.title for section in sections] == ["Window", "Gateway", "Novel"]
    assert sections[-1].rows[0].title == "Some thing"


async def test_titles_are_words_for_people(bare: Desk) -> None:
    infos = bare.services.settings.describe()
    sections = sections_of(info for info in infos if info.key not in CONNECTION_KEYS)
    assert sections[-1].title == "Logs", "a section without a title comes after the known ones"
    for section in sections:
        titles = [line.title for line in section.rows]
        assert len(set(titles)) == len(titles)
        assert not [title for title in titles if title.endswith((" s", " mb", " url", " open"))]
