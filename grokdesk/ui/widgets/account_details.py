"""The card under the table: what happened to the selected account and what can be done."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from grokdesk.domain.account import AccountState
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.account_story import AccountStory, story_of
from grokdesk.ui.tokens import LARGE, MEDIUM, TIGHT, WIDE
from grokdesk.ui.widgets.advice_line import AdviceLine
from grokdesk.ui.widgets.evidence_view import EvidenceView
from grokdesk.ui.widgets.fact_list import FactList
from grokdesk.ui.widgets.labels import ElidedLabel, PlainLabel
from grokdesk.ui.widgets.looks import column
from grokdesk.ui.widgets.marks import ACCOUNT_MARKS, MarkWidget

_TICK_MS = 1_000
_FACTS_WIDTH = 300


class AccountDetails(QFrame):
    help_wanted = Signal(str)
    """A `Help` for the account that is shown."""

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self._clock = kit.services.clock
        self._account: AccountSnapshot | None = None
        self._story: AccountStory | None = None
        self.setProperty("kind", "card")
        self._mark = MarkWidget(kit.theme, ACCOUNT_MARKS[AccountState.READY], size=14)
        self._title = ElidedLabel(role="strong")
        self._happened = PlainLabel(role="muted", wrap=True, selectable=True)
        self._advice = AdviceLine(kit.icons, self._wants_help)
        self.evidence = EvidenceView(kit)
        self.facts = FactList()
        self.facts.setFixedWidth(kit.theme.scaled(_FACTS_WIDTH))
        self._lay_out()
        # Ages and countdowns go on.
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._tell)
        self.hide()

    @property
    def words(self) -> str:
        """All that it says now."""
        return self._story.as_text if self._story is not None else ""

    def show_accounts(self, accounts: Sequence[AccountSnapshot]) -> None:
        """Only a single account has something to explain."""
        account = accounts[0] if len(accounts) == 1 else None
        if account is None or self._account is None or account.id != self._account.id:
            self.evidence.fold()
        self._account = account
        self._tell()
        self.setVisible(account is not None)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def _lay_out(self) -> None:
        words = column(
            self._title, self._happened, self._advice, self.evidence, None, spacing=TIGHT
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        layout.setSpacing(0)
        layout.addLayout(column(2, self._mark, None, spacing=0))
        layout.addSpacing(MEDIUM)
        layout.addLayout(words, 1)
        layout.addSpacing(WIDE)
        layout.addLayout(column(self.facts, None, spacing=0))

    def _tell(self) -> None:
        if self._account is None:
            return
        story = story_of(self._account, self._clock.now())
        if story == self._story:
            return
        self._story = story
        self._mark.show_mark(ACCOUNT_MARKS[self._account.state])
        self._title.setText(story.title)
        self._happened.setText(story.happened)
        self._advice.show_advice(story.action, story.help.value)
        self.evidence.show_story(story)
        self.facts.show_facts(story.facts)

    def _wants_help(self) -> None:
        if self._story is not None:
            self.help_wanted.emit(self._story.help.value)
