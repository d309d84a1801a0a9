"""The card under the table of API keys: all that is known of the selected one."""

from grokdesk.domain.apikey import ApiKey
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.key_row import KeyRow
from grokdesk.ui.presenters.key_story import KeyStory, Left, story_of
from grokdesk.ui.presenters.key_words import KeyState, state_of
from grokdesk.ui.tokens import TIGHT
from grokdesk.ui.widgets.advice_line import AdviceLine
from grokdesk.ui.widgets.details_card import DetailsCard
from grokdesk.ui.widgets.fact_list import FactList
from grokdesk.ui.widgets.marks import KEY_MARKS, Mark


class KeyDetails(DetailsCard[KeyRow, KeyStory]):
    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, KEY_MARKS[KeyState.ACTIVE])
        self._services = kit.services
        self._advice = AdviceLine(kit.icons)
        self.rules = FactList()
        self.use = FactList()
        self._lay_out(self._advice, TIGHT, self.rules, aside=self.use)

    def _story_of(self, row: KeyRow, now: float) -> KeyStory:
        return story_of(row.key, row.usage, self._left(row.key), self._services.catalog, now)

    def _mark_of(self, row: KeyRow, now: float) -> Mark:
        return KEY_MARKS[state_of(row.key, now)]

    def _show(self, story: KeyStory) -> None:
        self._advice.show_advice(story.advice)
        self.rules.show_facts(story.rules)
        self.use.show_facts(story.use)

    def _left(self, key: ApiKey) -> Left | None:
        if not key.has_rate:
            return None
        allowance = self._services.admission.allowance(key)
        return Left(allowance.remaining, allowance.limit, allowance.reset_s)
