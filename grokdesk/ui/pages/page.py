"""What all pages share: a heading with actions, a bar for sentences, and refreshing on show."""

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from grokdesk.ui.kit import Kit
from grokdesk.ui.sentences import Remedy
from grokdesk.ui.tokens import LARGE, MEDIUM, SMALL, WIDE
from grokdesk.ui.widgets.info_bar import InfoBar
from grokdesk.ui.widgets.labels import PlainLabel


class Page(QWidget):
    """A page refreshes when it is shown and while it is visible, not in the background."""

    wants_page = Signal(str)
    """Another page, by its id."""
    wants_import = Signal()

    def __init__(self, kit: Kit, title: str) -> None:
        super().__init__()
        self.kit = kit
        self.setAccessibleName(title)
        # Where the keyboard starts: on the page, not yet on one of its controls.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.info = InfoBar(kit.icons, on_remedy=self._apply)
        self.heading = PlainLabel(title, role="title")
        self.header = QHBoxLayout()
        self.header.setSpacing(SMALL)
        top = QHBoxLayout()
        top.setSpacing(LARGE)
        top.addWidget(self.heading)
        top.addStretch(1)
        top.addLayout(self.header)
        head = QVBoxLayout()
        head.setContentsMargins(WIDE, WIDE - 4, WIDE, MEDIUM)
        head.setSpacing(MEDIUM)
        head.addLayout(top)
        head.addWidget(self.info)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._outer.setSpacing(0)
        self._outer.addLayout(head)

    def add_body(self) -> QVBoxLayout:
        """Room that fills the page."""
        body = QVBoxLayout()
        body.setContentsMargins(WIDE, 0, WIDE, WIDE)
        body.setSpacing(LARGE)
        self._outer.addLayout(body, 1)
        return body

    def add_scrolling_body(self) -> QVBoxLayout:
        """Room that scrolls as a whole where the window is small."""
        canvas = QWidget()
        canvas.setProperty("role", "canvas")
        body = QVBoxLayout(canvas)
        area = QScrollArea()
        # The bar keeps its place, so that the page does not move when it comes and goes.
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        bar = area.verticalScrollBar().sizeHint().width()
        body.setContentsMargins(WIDE, 0, WIDE - bar, WIDE)
        body.setSpacing(LARGE)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        # Tab goes on to what is in it, and the area scrolls along.
        area.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        area.setWidget(canvas)
        area.setAccessibleName(self.accessibleName())
        self._outer.addWidget(area, 1)
        return body

    def refresh(self) -> None:
        """Show what is true now."""

    def refresh_if_visible(self) -> None:
        if self.isVisible():
            self.refresh()

    def follow(self, *signals: SignalInstance) -> None:
        """Refresh on any of these, while visible."""
        for signal in signals:
            signal.connect(self.refresh_if_visible)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.setFocus()
        self.refresh()

    def _apply(self, remedy: Remedy) -> None:
        match remedy:
            case Remedy.RESUME:
                self.kit.services.gateway.resume()
            case Remedy.ACCOUNTS:
                self.wants_page.emit("accounts")
            case Remedy.CONNECTION:
                self.wants_page.emit("connection")
            case Remedy.RETRY | Remedy.NONE:
                self.refresh()
