"""The card under the table of API keys: all that is known of the selected one."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from grokdesk.domain.apikey import ApiKey
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.key_row import KeyRow
from grokdesk.ui.presenters.key_story import KeyStory, Left, story_of
from grokdesk.ui.presenters.key_words import KeyState, state_of
from grokdesk.ui.tokens import LARGE, MEDIUM, TIGHT, WIDE
from grokdesk.ui.widgets.advice_line import AdviceLine
from grokdesk.ui.widgets.fact_list import FactList
from grokdesk.ui.widgets.labels import ElidedLabel, PlainLabel
from grokdesk.ui.widgets.looks import column
from grokdesk.ui.widgets.marks import KEY_MARKS, MarkWidget

_TICK_MS = 1_000
_USE_WIDTH = 300


class KeyDetails(QFrame):
    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._services = kit.services
        self._row: KeyRow | None = None
        self._story: KeyStory | None = None
        self.setProperty("kind", "card")
        self._mark = MarkWidget(kit.theme, KEY_MARKS[KeyState.ACTIVE], size=14)
        self._title = ElidedLabel(role="strong")
        self._happened = PlainLabel(role="muted", wrap=True, selectable=True)
        self._advice = AdviceLine(kit.icons)
        self.rules = FactList()
        self.use = FactList()
        self.use.setFixedWidth(kit.theme.scaled(_USE_WIDTH))
        self._lay_out()
        # Ages and countdowns go on.
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._tell)
        self.hide()

    @property
    def words(self) -> str:
        """All that it says now."""
        return self._story.as_text if self._story is not None else ""

    def show_rows(self, rows: Sequence[KeyRow]) -> None:
        """Only a single key has something to explain."""
        self._row = rows[0] if len(rows) == 1 else None
        self._tell()
        self.setVisible(self._row is not None)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _lay_out(self) -> None:
        words = column(self._title, self._happened, self._advice, spacing=TIGHT)
        words.addSpacing(TIGHT)
        words.addWidget(self.rules)
        words.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        layout.setSpacing(0)
        layout.addLayout(column(2, self._mark, None, spacing=0))
        layout.addSpacing(MEDIUM)
        layout.addLayout(words, 1)
        layout.addSpacing(WIDE)
        layout.addLayout(column(self.use, None, spacing=0))

    def _tell(self) -> None:
        if self._row is None:
            return
        key, now = self._row.key, self._services.clock.now()
        story = story_of(key, self._row.usage, self._left(key), self._services.catalog, now)
        if story == self._story:
            return
        self._story = story
        self._mark.show_mark(KEY_MARKS[state_of(key, now)])
        self._title.setText(story.title)
        self._happened.setText(story.happened)
        self._advice.show_advice(story.advice)
        self.rules.show_facts(story.rules)
        self.use.show_facts(story.use)

    def _left(self, key: ApiKey) -> Left | None:
        if not key.has_rate:
            return None
        allowance = self._services.admission.allowance(key)
        return Left(allowance.remaining, allowance.limit, allowance.reset_s)
