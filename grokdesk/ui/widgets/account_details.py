"""The card under the table: what happened to the selected account and what can be done."""

from collections.abc import Sequence

from PySide6.QtCore import Signal

from grokdesk.domain.account import AccountState
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.account_story import AccountStory, story_of
from grokdesk.ui.widgets.advice_line import AdviceLine
from grokdesk.ui.widgets.details_card import DetailsCard
from grokdesk.ui.widgets.evidence_view import EvidenceView
from grokdesk.ui.widgets.fact_list import FactList
from grokdesk.ui.widgets.marks import ACCOUNT_MARKS, Mark


class AccountDetails(DetailsCard[AccountSnapshot, AccountStory]):
    help_wanted = Signal(str)
    """A `Help` for the account that is shown."""

    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, ACCOUNT_MARKS[AccountState.READY])
        self._advice = AdviceLine(kit.icons, self._wants_help)
        self.evidence = EvidenceView(kit)
        self.facts = FactList()
        self._lay_out(self._advice, self.evidence, aside=self.facts)

    def show_selected(self, rows: Sequence[AccountSnapshot]) -> None:
        """The evidence stays unfolded while the same account is shown."""
        if self._row is None or len(rows) != 1 or rows[0].id != self._row.id:
            self.evidence.fold()
        super().show_selected(rows)

    def _story_of(self, row: AccountSnapshot, now: float) -> AccountStory:
        return story_of(row, now)

    def _mark_of(self, row: AccountSnapshot, now: float) -> Mark:  # noqa: ARG002 - as for keys
        return ACCOUNT_MARKS[row.state]

    def _show(self, story: AccountStory) -> None:
        self._advice.show_advice(story.action, story.help.value)
        self.evidence.show_story(story)
        self.facts.show_facts(story.facts)

    def _wants_help(self) -> None:
        if self._story is not None:
            self.help_wanted.emit(self._story.help.value)
