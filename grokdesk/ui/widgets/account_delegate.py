"""Paints the cells of the account table: marks, pills and gauges instead of plain text."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from grokdesk.domain.account import Tier
from grokdesk.kernel.clock import Clock
from grokdesk.ui import text
from grokdesk.ui.models.accounts import (
    QUOTA_COLUMNS,
    AccountsModel,
    Column,
    share_left,
    window_at,
)
from grokdesk.ui.presenters.account_row import AccountRow
from grokdesk.ui.theme import Theme
from grokdesk.ui.widgets.gauges import paint_gauge
from grokdesk.ui.widgets.marks import ACCOUNT_MARKS, paint_mark

ROW_HEIGHT = 46
_PAD = 12
_MARK = 11
_GAUGE = 4
_LOW = 0.2
_AGE_GAP = 6
_NOTHING = ("0", "—", "never")

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_TIER_TONES = {Tier.BASIC: "muted", Tier.SUPER: "text", Tier.HEAVY: "accent"}


class AccountDelegate(QStyledItemDelegate):
    """Reads rows, not roles: one Python call per cell."""

    def __init__(self, view: QTableView, model: AccountsModel, theme: Theme, clock: Clock) -> None:
        super().__init__(view)
        self._view = view
        self._model = model
        self._theme = theme
        self._clock = clock
        self._adopt()
        theme.changed.connect(self._adopt)

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
        row = self._model.row_at(index)
        column = Column(index.column())
        cell: QRect = option.rect
        self._paint_ground(painter, cell, option, index)
        inside = cell.adjusted(_PAD, 0, -4, 0)
        painter.setFont(self._body)
        painter.setPen(self._text if row.account.enabled else self._muted)
        if column is Column.LABEL:
            self._paint_label(painter, inside, row)
        elif column is Column.TIER:
            self._paint_tier(painter, inside, row)
        elif column is Column.STATE:
            self._paint_state(painter, inside, row)
        elif column in QUOTA_COLUMNS:
            self._paint_quota(painter, inside, row, column)
        else:
            words = self._model.cell(row, column)
            if words in _NOTHING:
                painter.setPen(self._muted)
            self._paint_text(painter, inside, words)

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

    def _paint_label(self, painter: QPainter, inside: QRect, row: AccountRow) -> None:
        middle = inside.center().y()
        painter.setFont(self._strong)
        upper = QRect(inside.left(), inside.top() + 5, inside.width(), middle - inside.top() - 4)
        self._paint_text(painter, upper, self._model.cell(row, Column.LABEL))
        painter.setFont(self._small)
        painter.setPen(self._muted)
        lower = QRect(inside.left(), middle + 1, inside.width(), inside.bottom() - middle - 6)
        hint = row.account.token_hint
        self._paint_text(painter, lower, f"Demo · {hint}" if row.account.demo else hint)

    def _paint_tier(self, painter: QPainter, inside: QRect, row: AccountRow) -> None:
        tier = row.account.tier
        color = self._tones[_TIER_TONES[tier] if tier is not None else "muted"]
        painter.setPen(color)
        self._paint_text(painter, inside, self._model.cell(row, Column.TIER))

    def _paint_state(self, painter: QPainter, inside: QRect, row: AccountRow) -> None:
        mark = ACCOUNT_MARKS[row.account.state]
        top = inside.center().y() - _MARK / 2 + 0.5
        paint_mark(
            painter, QRectF(inside.left(), top, _MARK, _MARK), mark.shape, self._tones[mark.tone]
        )
        words = inside.adjusted(_MARK + 7, 0, 0, 0)
        self._paint_text(painter, words, self._model.cell(row, Column.STATE))

    def _paint_quota(
        self, painter: QPainter, inside: QRect, row: AccountRow, column: Column
    ) -> None:
        now = self._clock.now()
        window = window_at(row, column, now)
        share = share_left(window) if window is not None else None
        if window is None or share is None:
            painter.setPen(self._muted)
            self._paint_text(painter, inside, self._model.cell(row, column))
            return
        middle = inside.center().y()
        upper = QRect(inside.left(), inside.top() + 6, inside.width(), middle - inside.top() - 3)
        age = text.quota_age(window, now)
        if age:
            painter.setPen(self._muted)
        self._paint_text(painter, upper, text.quota_figure(window))
        bar = QRectF(inside.left(), middle + 7, inside.width() - 8, _GAUGE)
        tone = "warn" if share <= _LOW else "accent"
        if age:
            tone = "outline"  # an old figure promises nothing
            bar.setWidth(bar.width() - self._paint_age(painter, inside, age))
        paint_gauge(painter, bar, share, self._tones["line"], self._tones[tone])

    def _paint_age(self, painter: QPainter, inside: QRect, age: str) -> int:
        """At the right of the bar; the width that it takes."""
        painter.setFont(self._small)
        width = painter.fontMetrics().horizontalAdvance(age)
        middle = inside.center().y()
        place = QRect(inside.right() - 8 - width, middle, width + 2, inside.bottom() - middle - 2)
        painter.drawText(place, _LEFT, age)
        return width + _AGE_GAP

    def _paint_text(self, painter: QPainter, rect: QRect, words: str) -> None:
        mode = Qt.TextElideMode.ElideRight
        shown = painter.fontMetrics().elidedText(words, mode, rect.width())
        painter.drawText(rect, _LEFT, shown)
