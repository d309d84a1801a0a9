"""The simulated site: everything the routes share."""

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from grokdesk.simulator.accounts import Account
from grokdesk.simulator.answer import USAGE_LIMIT, Answer, Ending
from grokdesk.simulator.compose import say
from grokdesk.simulator.meaning import understood
from grokdesk.simulator.outcomes import bend, fault_of
from grokdesk.simulator.scenario import Scenario
from grokdesk.simulator.script import Script
from grokdesk.simulator.stats import OpenChat, ReceivedPrompt, Stats

_CONVERSATIONS_KEPT: Final = 10_000


@dataclass(slots=True)
class Conversation:
    """Server-side history, as far as a continuation can be checked against it."""

    token: str
    response_ids: list[str] = field(default_factory=list)


class Site:
    def __init__(self, script: Script, compose: Callable[[str], Answer]) -> None:
        self.script = script
        self.stats = Stats()
        self.origin = ""
        self._compose = compose
        self._accounts: dict[str, Account] = {}
        self._conversations: dict[str, Conversation] = {}
        self._ids = _ids()
        self._rng = random.Random(0)  # noqa: S311 - repeatable, not secret

    def account(self, token: str) -> Account:
        account = self._accounts.get(token)
        if account is None:
            account = self._accounts[token] = Account(token)
        return account

    def new_id(self) -> str:
        """A UUID that no other simulator hands out."""
        return next(self._ids)

    def received(self, prompt: ReceivedPrompt) -> None:
        if self.script.keep_prompts:
            self.stats.prompts.append(prompt)

    def answer(self, account: Account, scenario: Scenario, prompt: ReceivedPrompt) -> Answer:
        """Spends one turn of quota unless the scenario fails the turn anyway."""
        fault = fault_of(scenario, prompt.transport)
        if fault is None and not account.spend(prompt.mode, self.script):
            fault = USAGE_LIMIT
        if fault is not None:
            return Answer(ending=fault)
        scripted = self.script.of(account.token)
        if scripted is not None and scripted.answer is not None:
            return bend(Answer(say(scripted.answer)), scenario)
        return bend(self._compose(understood(prompt.text, self.script.meanings)), scenario)

    def finish(self, open_chat: OpenChat, answer: Answer) -> None:
        """The simulator has said all it wants to say."""
        open_chat.finished = True
        if answer.ending is Ending.COMPLETE:
            self.stats.answered += 1

    def chunk_delay_s(self, answer: Answer) -> float:
        delay, jitter = self.script.chunk_delay_s, self.script.chunk_jitter_s
        if answer.chunk_delay_s is not None:
            return answer.chunk_delay_s
        return max(0.0, delay + self._rng.uniform(-jitter, jitter)) if jitter else delay

    def new_conversation(self, token: str, conversation_id: str) -> Conversation:
        conversation = self._conversations[conversation_id] = Conversation(token)
        if len(self._conversations) > _CONVERSATIONS_KEPT:
            del self._conversations[next(iter(self._conversations))]
        return conversation

    def conversation(self, token: str, conversation_id: str) -> Conversation | None:
        """None when it does not exist or belongs to another account."""
        found = self._conversations.get(conversation_id)
        return found if found is not None and found.token == token else None


def _ids() -> Iterator[str]:
    prefix = str(uuid.uuid4())[:24]
    return (f"{prefix}{number:012x}" for number in count(1))
