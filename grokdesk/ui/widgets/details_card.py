"""The card under a table: what there is to tell of the one row that is selected."""

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from grokdesk.ui.kit import Kit
from grokdesk.ui.tokens import LARGE, MEDIUM, TIGHT, WIDE
from grokdesk.ui.widgets.fact_list import FactList
from grokdesk.ui.widgets.labels import ElidedLabel, PlainLabel
from grokdesk.ui.widgets.looks import Item, column
from grokdesk.ui.widgets.marks import Mark, MarkWidget

_TICK_MS = 1_000
_FACTS_WIDTH = 300


class Story(Protocol):
    @property
    def title(self) -> str: ...

    @property
    def happened(self) -> str: ...

    @property
    def as_text(self) -> str: ...


R = TypeVar("R")
S = TypeVar("S", bound=Story)


class DetailsCard(QFrame, Generic[R, S]):
    """A subclass lays it out and tells the story of a row, again every second while it is shown."""

    def __init__(self, kit: Kit, mark: Mark) -> None:
        super().__init__()
        self._clock = kit.services.clock
        self._theme = kit.theme
        self._row: R | None = None
        self._story: S | None = None
        self.setProperty("kind", "card")
        self._mark = MarkWidget(kit.theme, mark, size=14)
        self._title = ElidedLabel(role="strong")
        self._happened = PlainLabel(role="muted", wrap=True, selectable=True)
        # Ages and countdowns go on.
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._tell)
        self.hide()

    @property
    def words(self) -> str:
        """All that it says now."""
        return self._story.as_text if self._story is not None else ""

    def show_selected(self, rows: Sequence[R]) -> None:
        """Only a single row has something to explain."""
        self._row = rows[0] if len(rows) == 1 else None
        self._tell()
        self.setVisible(self._row is not None)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _lay_out(self, *below: Item, aside: FactList) -> None:
        """`below` follows title and sentence."""
        aside.setFixedWidth(self._theme.scaled(_FACTS_WIDTH))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        layout.setSpacing(0)
        layout.addLayout(column(2, self._mark, None, spacing=0))
        layout.addSpacing(MEDIUM)
        layout.addLayout(column(self._title, self._happened, *below, None, spacing=TIGHT), 1)
        layout.addSpacing(WIDE)
        layout.addLayout(column(aside, None, spacing=0))

    def _tell(self) -> None:
        if self._row is None:
            return
        now = self._clock.now()
        story = self._story_of(self._row, now)
        if story == self._story:
            return
        self._story = story
        self._mark.show_mark(self._mark_of(self._row, now))
        self._title.setText(story.title)
        self._happened.setText(story.happened)
        self._show(story)

    def _story_of(self, row: R, now: float) -> S:
        raise NotImplementedError

    def _mark_of(self, row: R, now: float) -> Mark:
        raise NotImplementedError

    def _show(self, story: S) -> None:
        """What only this kind of row has."""
        raise NotImplementedError
