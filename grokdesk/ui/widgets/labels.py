"""Labels and tooltips that show text as text: markup in it is never interpreted."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from grokdesk.ui.text import plain_tooltip


class PlainLabel(QLabel):
    """`role` picks the look in the stylesheet: caption, muted, strong, section, title, figure."""

    def __init__(
        self, text: str = "", *, role: str = "", wrap: bool = False, selectable: bool = False
    ) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wrap)
        if selectable:
            flags = Qt.TextInteractionFlag
            self.setTextInteractionFlags(flags.TextSelectableByMouse)
        self.setText(text)


def paragraph(text: str, width: int, *, role: str = "muted") -> PlainLabel:
    """Centred words of a fixed width, as tall as they need."""
    label = PlainLabel(text, role=role, wrap=True)
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    label.ensurePolished()
    label.setFixedSize(width, label.heightForWidth(width))
    return label


class ElidedLabel(QFrame):
    """One line that is cut with an ellipsis where there is no room; the tooltip has it all."""

    def __init__(self, text: str = "", *, role: str = "", middle: bool = False) -> None:
        super().__init__()
        self.setProperty("role", role)
        self._text = ""
        self._mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def text(self) -> str:
        return self._text

    def setText(self, text: str) -> None:  # noqa: N802 - as QLabel has it
        if text != self._text:
            self._text = text
            self.setAccessibleName(text)
            set_plain_tooltip(self, text)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text) + 2, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 6, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self._text, self._mode, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect(), middle, shown)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self.updateGeometry()


class Rule(QFrame):
    """A hairline between parts."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "rule")
        self.setFixedHeight(1)


def set_plain_tooltip(widget: QWidget, text: str) -> None:
    widget.setToolTip(plain_tooltip(text))


def announce(widget: QWidget, text: str) -> None:
    """Let a screen reader say what just happened."""
    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))
