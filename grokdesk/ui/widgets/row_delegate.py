"""Paints the cells of a table of rows: marks, two lines and gauges instead of plain text."""

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from grokdesk.ui.models.rows import RowsModel
from grokdesk.ui.theme import Theme
from grokdesk.ui.widgets.marks import Mark, paint_mark

ROW_HEIGHT = 46
_PAD = 12
_MARK = 11

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class RowDelegate(QStyledItemDelegate):
    """Reads rows, not roles: one Python call per cell. A subclass paints them."""

    def __init__(self, view: QTableView, model: RowsModel[Any], theme: Theme) -> None:
        super().__init__(view)
        self._view = view
        self._rows = model
        self._theme = theme
        self._adopt()
        theme.changed.connect(self._adopt)

    def paint_cell(self, painter: QPainter, inside: QRect, row: Any, column: int) -> None:
        """With the font of the body; the pen is the subclass's to choose."""
        raise NotImplementedError

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(super().sizeHint(option, index).width(), self._theme.scaled(ROW_HEIGHT))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        cell: QRect = option.rect
        self._paint_ground(painter, cell, option, index)
        painter.setFont(self._body)
        painter.setPen(self._text)
        inside = cell.adjusted(_PAD, 0, -4, 0)
        self.paint_cell(painter, inside, self._rows.row_at(index), index.column())

    def paint_words(self, painter: QPainter, inside: QRect, words: str) -> None:
        mode = Qt.TextElideMode.ElideRight
        shown = painter.fontMetrics().elidedText(words, mode, inside.width())
        painter.drawText(inside, _LEFT, shown)

    def paint_lines(
        self, painter: QPainter, inside: QRect, upper: str, lower: str, *, strong: bool = False
    ) -> None:
        """One over the other, the lower one small and muted."""
        middle = inside.center().y()
        if strong:
            painter.setFont(self._strong)
        above = QRect(inside.left(), inside.top() + 5, inside.width(), middle - inside.top() - 4)
        self.paint_words(painter, above, upper)
        painter.setFont(self._small)
        painter.setPen(self._muted)
        below = QRect(inside.left(), middle + 1, inside.width(), inside.bottom() - middle - 6)
        self.paint_words(painter, below, lower)

    def paint_state(self, painter: QPainter, inside: QRect, mark: Mark, words: str) -> None:
        top = inside.center().y() - _MARK / 2 + 0.5
        place = QRectF(inside.left(), top, _MARK, _MARK)
        paint_mark(painter, place, mark.shape, self._tones[mark.tone])
        self.paint_words(painter, inside.adjusted(_MARK + 7, 0, 0, 0), words)

    def _adopt(self) -> None:
        theme = self._theme
        self._body = theme.font()
        self._strong = theme.font(weight=QFont.Weight.Medium)
        self._small = theme.font(0.88)
        self._text = theme.color("text")
        self._muted = theme.color("muted")
        self._tones = {tone: theme.color(tone) for tone in theme.tokens.__slots__}

    def _paint_ground(
        self,
        painter: QPainter,
        cell: QRect,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(cell, self._tones["raised"])
            if index.column() == 0:
                painter.fillRect(QRect(cell.left(), cell.top(), 3, cell.height()), self._accent())
        painter.fillRect(QRect(cell.left(), cell.bottom(), cell.width(), 1), self._tones["line"])
        if self._view.hasFocus() and index.row() == self._view.currentIndex().row():
            for top in (cell.top(), cell.bottom() - 1):
                painter.fillRect(QRect(cell.left(), top, cell.width(), 2), self._accent())

    def _accent(self) -> QColor:
        return self._tones["accent"]
