"""A quiet strip that says why nothing is answered just now, counting down where there is an end."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from grokdesk.ui.icons import Icons
from grokdesk.ui.presenters.health import Notice
from grokdesk.ui.tokens import MEDIUM, SMALL
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.icon_label import IconLabel
from grokdesk.ui.widgets.labels import PlainLabel, announce
from grokdesk.ui.widgets.looks import column

_TICK_MS = 1_000
_BUTTONS = {"accounts": "Open accounts", "connection": "Open connection"}


class NoticeStrip(QFrame):
    """Hidden while there is nothing to say. `due` asks for what is true now."""

    due = Signal()
    page_wanted = Signal(str)

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self._notice: Notice | None = None
        self.setProperty("kind", "info")
        self.setProperty("tone", "warn")
        self._title = PlainLabel(role="strong", wrap=True)
        self._reason = PlainLabel(role="muted", wrap=True, selectable=True)
        self._button = make_button("", name="Look further", clicked=self._open)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MEDIUM, SMALL + 2, MEDIUM, SMALL + 2)
        layout.setSpacing(MEDIUM)
        layout.addLayout(column(1, IconLabel(icons, "warning", "warn"), None, spacing=0))
        layout.addLayout(column(self._title, self._reason, spacing=2), 1)
        layout.addWidget(self._button)
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self.due)
        self.hide()

    @property
    def words(self) -> str:
        return f"{self._title.text()}. {self._reason.text()}" if self._notice else ""

    def show_notice(self, notice: Notice | None) -> None:
        if notice == self._notice:
            return
        is_news = self._notice is None
        self._notice = notice
        self.setVisible(notice is not None)
        if notice is None:
            return
        self._title.setText(notice.title)
        self._reason.setText(notice.reason)
        self._reason.setVisible(bool(notice.reason))
        button = _BUTTONS.get(notice.page, "")
        self._button.setText(button)
        self._button.setAccessibleName(button or "Look further")
        self._button.setVisible(bool(button))
        self.setAccessibleName(self.words)
        if is_news:  # not each second of the countdown
            announce(self, self.words)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _open(self) -> None:
        if self._notice is not None:
            self.page_wanted.emit(self._notice.page)
