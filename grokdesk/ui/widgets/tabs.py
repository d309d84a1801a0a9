"""A row of pills of which one is chosen; arrow keys move, as in a tab bar."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from grokdesk.ui.tokens import TIGHT
from grokdesk.ui.widgets.looks import named


class Tabs(QWidget):
    """Only the chosen pill is in the tab order."""

    chosen = Signal(int)

    def __init__(self, titles: Sequence[str], name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(TIGHT)
        for index, title in enumerate(titles):
            pill = named(QPushButton(title), title)
            pill.setCheckable(True)
            pill.setProperty("kind", "tab")
            pill.setCursor(Qt.CursorShape.PointingHandCursor)
            self._group.addButton(pill, index)
            row.addWidget(pill)
        row.addStretch(1)
        self._group.idToggled.connect(self._toggled)
        self.choose(0)

    @property
    def current(self) -> int:
        return self._group.checkedId()

    def choose(self, index: int) -> None:
        self._group.button(index).setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if not step:
            super().keyPressEvent(event)
            return
        self.choose((self.current + step) % len(self._group.buttons()))
        self._group.button(self.current).setFocus(Qt.FocusReason.TabFocusReason)

    def _toggled(self, index: int, on: bool) -> None:
        pill = self._group.button(index)
        pill.setFocusPolicy(Qt.FocusPolicy.TabFocus if on else Qt.FocusPolicy.NoFocus)
        if on:
            self.chosen.emit(index)
