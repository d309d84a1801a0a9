"""A drop-down list in the looks of the other fields."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QComboBox, QStyledItemDelegate

_CHEVRON = 4


class ComboBox(QComboBox):
    """The wheel scrolls the page under it; it does not change what was chosen."""

    def __init__(self, name: str, *, kind: str = "") -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setProperty("kind", kind)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # The default delegate ignores the stylesheet of the list.
        self.setItemDelegate(QStyledItemDelegate(self))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self.palette().placeholderText().color(), 1.6)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        middle = QPointF(self.width() - 15, self.height() / 2)
        left, right = QPointF(-_CHEVRON, -_CHEVRON / 2), QPointF(_CHEVRON, -_CHEVRON / 2)
        tip = QPointF(0, _CHEVRON / 2)
        painter.drawPolyline(QPolygonF([middle + left, middle + tip, middle + right]))
