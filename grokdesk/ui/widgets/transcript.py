"""The scrolling conversation: follows the growing end until the reader scrolls away from it."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from grokdesk.ui.icons import Icons
from grokdesk.ui.tokens import LARGE, MEDIUM, SMALL, WIDE
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.labels import PlainLabel

_COLUMN = 780
_BUBBLE = 560
_NEAR = 24


class Transcript(QScrollArea):
    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setProperty("kind", "transcript")
        self.setAccessibleName("Conversation")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # Always there, so that the column does not move when the conversation outgrows the window.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._follows = True
        canvas = QWidget()
        canvas.setProperty("role", "canvas")
        column = QWidget()
        column.setMaximumWidth(_COLUMN)
        self._items = QVBoxLayout(column)
        self._items.setContentsMargins(0, 0, 0, LARGE)
        self._items.setSpacing(WIDE)
        self._items.addStretch(1)
        outer = QHBoxLayout(canvas)
        outer.setContentsMargins(WIDE, 0, WIDE, 0)
        outer.addStretch(1)
        outer.addWidget(column, 100)
        outer.addStretch(1)
        self.setWidget(canvas)
        self._down = make_button(
            "Latest", icons, "chevron-down", name="Go to the latest", clicked=self.follow
        )
        self._down.setParent(self)
        self._down.hide()
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._grown)
        bar.valueChanged.connect(self._moved)
        bar.installEventFilter(self)

    @property
    def follows(self) -> bool:
        return self._follows

    def add_question(self, words: str) -> None:
        self._items.insertWidget(self._items.count() - 1, _Question(words))
        self.follow()

    def add_answer(self, answer: QWidget) -> None:
        self._items.insertWidget(self._items.count() - 1, answer)
        self.follow()

    def remove_last(self) -> None:
        item = self._items.takeAt(self._items.count() - 2)
        if item is not None and (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()

    def clear(self) -> None:
        while self._items.count() > 1:
            self.remove_last()

    def follow(self) -> None:
        self._follows = True
        self._down.hide()
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A hand on the wheel or the scroll bar decides; growing content does not."""
        if event.type() in (QEvent.Type.Wheel, QEvent.Type.MouseButtonPress):
            self._follows = False
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_button()

    def _grown(self) -> None:
        if self._follows:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _moved(self, value: int) -> None:
        near = value >= self.verticalScrollBar().maximum() - _NEAR
        self._follows = near
        self._down.setVisible(not near)
        if not near:
            self._place_button()

    def _place_button(self) -> None:
        size = self._down.sizeHint()
        self._down.setGeometry(
            (self.viewport().width() - size.width()) // 2,
            self.viewport().height() - size.height() - SMALL,
            size.width(),
            size.height(),
        )
        self._down.raise_()


class _Question(QWidget):
    """What the user wrote, in a bubble at the right."""

    def __init__(self, words: str) -> None:
        super().__init__()
        label = PlainLabel(words, wrap=True, selectable=True)
        bubble = QFrame()
        bubble.setProperty("kind", "bubble")
        inner = QVBoxLayout(bubble)
        inner.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        inner.addWidget(label)
        widest = max(label.fontMetrics().horizontalAdvance(line) for line in words.split("\n"))
        label.setFixedWidth(min(_BUBBLE, widest + 4))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addStretch(1)
        layout.addWidget(bubble)
