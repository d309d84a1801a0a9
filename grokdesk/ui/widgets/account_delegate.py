"""Paints the cells of the account table."""

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QTableView

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
from grokdesk.ui.widgets.marks import ACCOUNT_MARKS
from grokdesk.ui.widgets.row_delegate import RowDelegate

_GAUGE = 4
_LOW = 0.2
_AGE_GAP = 6
_NOTHING = ("0", "—", "never")

_TIER_TONES = {Tier.BASIC: "muted", Tier.SUPER: "text", Tier.HEAVY: "accent"}


class AccountDelegate(RowDelegate):
    def __init__(self, view: QTableView, model: AccountsModel, theme: Theme, clock: Clock) -> None:
        super().__init__(view, model, theme)
        self._model = model
        self._clock = clock

    def paint_cell(self, painter: QPainter, inside: QRect, row: AccountRow, column: int) -> None:
        words = self._model.cell
        account = row.account
        if not account.enabled:
            painter.setPen(self._muted)
        if column == Column.LABEL:
            hint = f"Demo · {account.token_hint}" if account.demo else account.token_hint
            self.paint_lines(painter, inside, words(row, column), hint, strong=True)
        elif column == Column.TIER:
            self._paint_tier(painter, inside, row)
        elif column == Column.STATE:
            self.paint_state(painter, inside, ACCOUNT_MARKS[account.state], words(row, column))
        elif column in QUOTA_COLUMNS:
            self._paint_quota(painter, inside, row, column)
        else:
            if words(row, column) in _NOTHING:
                painter.setPen(self._muted)
            self.paint_words(painter, inside, words(row, column))

    def _paint_tier(self, painter: QPainter, inside: QRect, row: AccountRow) -> None:
        tier = row.account.tier
        color = self._tones[_TIER_TONES[tier] if tier is not None else "muted"]
        painter.setPen(color)
        self.paint_words(painter, inside, self._model.cell(row, Column.TIER))

    def _paint_quota(self, painter: QPainter, inside: QRect, row: AccountRow, column: int) -> None:
        now = self._clock.now()
        window = window_at(row, column, now)
        share = share_left(window) if window is not None else None
        if window is None or share is None:
            painter.setPen(self._muted)
            self.paint_words(painter, inside, self._model.cell(row, column))
            return
        middle = inside.center().y()
        upper = QRect(inside.left(), inside.top() + 6, inside.width(), middle - inside.top() - 3)
        age = text.quota_age(window, now)
        if age:
            painter.setPen(self._muted)
        self.paint_words(painter, upper, text.quota_figure(window))
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
        self.paint_words(painter, place, age)
        return width + _AGE_GAP
