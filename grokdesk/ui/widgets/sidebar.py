"""The sidebar: the mark, the pages, and at the bottom whether the gateway runs and where."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from grokdesk.services.gateway import GatewaySnapshot, GatewayState
from grokdesk.ui.icons import Icons
from grokdesk.ui.kit import Kit
from grokdesk.ui.theme import Theme
from grokdesk.ui.tokens import LARGE, MEDIUM, SMALL, TIGHT
from grokdesk.ui.widgets.buttons import set_icon
from grokdesk.ui.widgets.labels import ElidedLabel, PlainLabel, set_plain_tooltip
from grokdesk.ui.widgets.looks import column, row
from grokdesk.ui.widgets.marks import GATEWAY_MARKS, MarkWidget

_WIDTH = 204
_COMPACT_WIDTH = 66
_CHIP_HEIGHT = 54
_STATE_WORDS = {
    GatewayState.STARTING: "Starting",
    GatewayState.RUNNING: "Running",
    GatewayState.PAUSED: "Paused",
    GatewayState.STOPPING: "Stopping",
    GatewayState.STOPPED: "Stopped",
    GatewayState.FAILED: "Not running",
}


class Entry(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def icon(self) -> str: ...


class Sidebar(QFrame):
    """The last page stands at the bottom, over the state."""

    page_wanted = Signal(str)

    def __init__(self, kit: Kit, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._icons = kit.icons
        self._buttons: dict[str, tuple[QPushButton, str]] = {}
        self._group = QButtonGroup(self)
        self._compact = False
        self._marked = ""
        self.setProperty("kind", "sidebar")
        self._width = kit.theme.scaled(_WIDTH)
        self.setFixedWidth(self._width)
        self.status = StatusChip(kit.theme)
        self.status.clicked.connect(lambda: self.page_wanted.emit(entries[0].id))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MEDIUM, LARGE, MEDIUM, MEDIUM)
        layout.setSpacing(TIGHT)
        self._brand = _Brand(kit.icons)
        layout.addWidget(self._brand)
        layout.addSpacing(MEDIUM)
        for number, entry in enumerate(entries, start=1):
            if number == len(entries):
                layout.addStretch(1)
            layout.addWidget(self._button(entry, number))
        layout.addSpacing(TIGHT)
        layout.addWidget(self.status)

    def set_compact(self, compact: bool) -> None:
        """Icons alone, in a narrow window."""
        if compact == self._compact:
            return
        self._compact = compact
        self.setFixedWidth(_COMPACT_WIDTH if compact else self._width)
        self._brand.set_compact(compact)
        self.status.set_compact(compact)
        for number, (button, _icon) in enumerate(self._buttons.values(), start=1):
            name = button.accessibleName()
            button.setText("" if compact else name)
            set_plain_tooltip(button, f"{name} (Ctrl+{number})" if compact else f"Ctrl+{number}")
        self.mark(self._marked)

    def mark(self, page_id: str) -> None:
        self._marked = page_id
        for known, (button, icon) in self._buttons.items():
            chosen = known == page_id
            button.setChecked(chosen)
            set_icon(button, self._icons, icon, "accent" if chosen else "muted")

    def _button(self, entry: Entry, number: int) -> QPushButton:
        button = QPushButton(entry.title)
        button.setCheckable(True)
        button.setProperty("kind", "nav")
        button.setAccessibleName(entry.title)
        set_plain_tooltip(button, f"Ctrl+{number}")
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.page_wanted.emit(entry.id))
        self._group.addButton(button)
        self._buttons[entry.id] = (button, entry.icon)
        return button


class StatusChip(QPushButton):
    """Leads to the overview."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("kind", "status")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._mark = MarkWidget(theme, GATEWAY_MARKS[GatewayState.STARTING])
        self._state = PlainLabel(role="strong")
        self._where = ElidedLabel(role="caption")
        self._words = QWidget()
        self._words.setLayout(column(self._state, self._where, spacing=1))
        self._words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        inside = row(self._mark, spacing=MEDIUM - 2)
        inside.addWidget(self._words, 1)
        inside.setContentsMargins(MEDIUM, SMALL, SMALL, SMALL)
        self.setLayout(inside)
        self.setFixedHeight(theme.scaled(_CHIP_HEIGHT))

    def set_compact(self, compact: bool) -> None:
        self._words.setVisible(not compact)

    def show_gateway(self, gateway: GatewaySnapshot) -> None:
        words = _STATE_WORDS[gateway.state]
        where = f"{gateway.host}:{gateway.port}" if gateway.port else "no address yet"
        self._mark.show_mark(GATEWAY_MARKS[gateway.state])
        self._state.setText(f"{words} (demo)" if gateway.demo else words)
        self._where.setText(where)
        self.setAccessibleName(f"Gateway {words.lower()}, {where}")
        set_plain_tooltip(self, self.accessibleName())


class _Brand(QWidget):
    def __init__(self, icons: Icons) -> None:
        super().__init__()
        mark = PlainLabel()
        mark.setPixmap(icons.drawn("grokdesk", 28, 56).pixmap(QSize(28, 28)))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SMALL, TIGHT, 0, TIGHT)
        layout.setSpacing(MEDIUM - 2)
        layout.addWidget(mark)
        self._name = PlainLabel("Grokdesk", role="brand")
        layout.addWidget(self._name)
        layout.addStretch(1)

    def set_compact(self, compact: bool) -> None:
        self._name.setVisible(not compact)
