"""Whoever cannot see the window or has no mouse: names, focus, order."""

from collections.abc import Callable

import pytest
from desk import Desk, dialog
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from grokdesk.ui.application import DesktopUi
from grokdesk.ui.dialogs.import_accounts import ImportDialog
from grokdesk.ui.shell import PAGES

ACTIONABLE = (
    QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QAbstractItemView
)  # fmt: skip


def actionable(root: QWidget) -> list[QWidget]:
    """What a person can operate; parts that Qt makes inside its own widgets are left out."""
    return [
        widget
        for widget in root.findChildren(QWidget)
        if isinstance(widget, ACTIONABLE)
        and widget.isVisible()
        and not widget.objectName().startswith("qt_")
        and not isinstance(widget.parent(), QLineEdit | QComboBox | QAbstractItemView)
        and widget.metaObject().className() not in ("QComboBoxListView", "QTableCornerButton")
    ]


@pytest.mark.parametrize("page_id", [entry.id for entry in PAGES])
async def test_everything_that_can_be_operated_has_a_name(desk: Desk, page_id: str) -> None:
    with desk.face() as ui:
        ui.window.open_page(page_id)
        if page_id == "playground":
            page = ui.window.page("playground")
            page.send("Hello")  # type: ignore[attr-defined]
            await desk.until(lambda: not page.busy)  # type: ignore[attr-defined]
        await desk.until(lambda: len(actionable(ui.window)) > 8)
        for widget in actionable(ui.window):
            interface = QAccessible.queryAccessibleInterface(widget)
            name = interface.text(QAccessible.Text.Name)
            assert name.strip(), f"{widget} {widget.objectName()}"


async def test_the_import_dialog_can_be_operated_by_name(desk: Desk) -> None:
    with desk.face() as ui:
        ui.window.import_accounts()
        asked = dialog(ui.window, ImportDialog)
        for widget in actionable(asked):
            assert QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name).strip()


def walk(ui: DesktopUi, key: Qt.Key = Qt.Key.Key_Tab, most: int = 80) -> list[QWidget]:
    """The widgets that Tab leads to, until it comes round."""
    found: list[QWidget] = []
    for _ in range(most):
        QTest.keyClick(ui.window.focusWidget() or ui.window, key)
        widget = ui.window.focusWidget()
        if widget in found:
            break
        found.append(widget)
    return found


@pytest.mark.parametrize("page_id", ["overview", "accounts", "keys", "connection", "settings"])
async def test_tab_reaches_every_button_and_comes_round(desk: Desk, page_id: str) -> None:
    with desk.face() as ui:
        ui.window.open_page(page_id)
        ui.window.activateWindow()
        await desk.until(lambda: len(actionable(ui.window)) > 8)
        reached = walk(ui)
        for widget in actionable(ui.window):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled():
                assert widget in reached, f"{widget.accessibleName()} is out of reach"


async def test_focus_by_keyboard_is_visible(desk: Desk) -> None:
    with desk.face() as ui:
        ui.window.activateWindow()
        await desk.until(ui.window.isActiveWindow)
        for widget in walk(ui, most=12):
            widget.clearFocus()
            without = widget.grab().toImage()
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            assert widget.grab().toImage() != without, f"{widget.accessibleName()} shows no focus"


async def test_escape_closes_dialogs(desk: Desk) -> None:
    with desk.face() as ui:
        openers: list[Callable[[], object]] = [ui.window.import_accounts, ui._ask_about_closing]
        for opener in openers:
            opener()
            asked = dialog(ui.window)
            QTest.keyClick(asked, Qt.Key.Key_Escape)
            assert not asked.isVisible()
            await desk.until(lambda: True)
