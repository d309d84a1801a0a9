"""Checks of the accounts: what is known of each, and what grok.com says when it is asked anew."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from grokdesk.domain.account import AccountState
from grokdesk.domain.circumstances import Surroundings
from grokdesk.domain.diagnosis import diagnose
from grokdesk.domain.errors import (
    AccountBlockedError,
    GrokdeskError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamTimeoutError,
    VaultLockedError,
)
from grokdesk.kernel.clock import Clock
from grokdesk.services.accounts import AccountService, AccountSnapshot
from grokdesk.services.checking import (
    CheckResult,
    Details,
    Finding,
    Status,
    failure,
    shown,
)

_AT_ONCE = 4
_LIMIT_S = 45.0
"""For one account: who it is, and all its quotas."""
_PER_TURN = 200
"""Accounts looked at before others get their turn: a few milliseconds."""
_COMING = frozenset(
    {AccountState.READY, AccountState.BUSY, AccountState.COOLING, AccountState.EXHAUSTED}
)
"""States from which an account serves again by itself."""

S = TypeVar("S")
T = TypeVar("T")

OnTested: TypeAlias = Callable[[AccountSnapshot], None]
Around: TypeAlias = Callable[[bool | None], Awaitable[Surroundings]]
"""What else is known, given whether another account was served."""


@dataclass(frozen=True, slots=True)
class Tested:
    """One account as it stands after the test."""

    account: AccountSnapshot
    finding: Finding


class AccountChecks:
    """`around` is asked only when an account failed."""

    def __init__(self, accounts: AccountService, clock: Clock, around: Around) -> None:
        self._accounts = accounts
        self._clock = clock
        self._around = around

    async def look(self) -> tuple[Tested, ...]:
        """By what is known, without asking anybody."""
        now = self._clock.now()
        return await _in_turns(
            lambda account: Tested(account, describe(account, now)), self._stored()
        )

    async def test(
        self, account_ids: Sequence[str], on_tested: OnTested | None = None
    ) -> tuple[Tested, ...]:
        """Ask grok.com about each of these; spends no call. The ids are those of accounts."""
        known = {account.id: account for account in self._accounts.snapshot()}
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(account_id: str) -> GrokdeskError | None:
            async with limit:
                error = await self._probe(account_id)
            if on_tested is not None:
                on_tested(known[account_id])
            return error

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(account_id)) for account_id in account_ids]
        return await self._judge(
            {account_id: task.result() for account_id, task in zip(account_ids, tasks, strict=True)}
        )

    async def test_all(self, on_tested: OnTested | None = None) -> tuple[Tested, ...]:
        return await self.test([account.id for account in self._stored()], on_tested)

    async def _probe(self, account_id: str) -> GrokdeskError | None:
        try:
            async with asyncio.timeout(_LIMIT_S):
                await self._accounts.probe(account_id)
        except TimeoutError:
            return UpstreamTimeoutError("grok.com took too long to tell about this account.")
        except GrokdeskError as error:
            return error
        return None

    async def _judge(self, errors: dict[str, GrokdeskError | None]) -> tuple[Tested, ...]:
        served = sum(error is None for error in errors.values())
        others = True if served else False if len(errors) > 1 else None
        around = await self._around(others) if served < len(errors) else None
        now = self._clock.now()
        left = {account.id: account for account in self._accounts.snapshot()}
        return await _in_turns(
            lambda account: Tested(account, _finding(account, errors[account.id], around, now)),
            [left[account_id] for account_id in errors if account_id in left],
        )

    def _stored(self) -> list[AccountSnapshot]:
        return [account for account in self._accounts.snapshot() if not account.demo]


def summarise(tested: Sequence[Tested]) -> Finding:
    """All accounts in one line."""
    if not tested:
        return Finding(
            Status.WARN,
            "There is no account yet.",
            "Import one: grokdesk accounts import FILE.",
            {"total": 0},
        )
    states = Counter(one.account.state for one in tested)
    details: Details = {"total": len(tested), **{s.value: n for s, n in states.items()}}
    ready = states[AccountState.READY] + states[AccountState.BUSY]
    words = f"{ready} of {len(tested)} can answer now"
    if ready:
        return Finding(Status.OK, f"{words}.", "", details)
    if any(state in _COMING for state in states):
        return Finding(
            Status.WARN, f"{words}; the others rest.", "Wait, or add another account.", details
        )
    return Finding(
        Status.FAIL, f"{words}, and none will by itself.", "See what each one needs.", details
    )


async def results(tested: Sequence[Tested]) -> tuple[CheckResult, ...]:
    return await _in_turns(
        lambda one: shown(f"account:{one.account.id}", one.account.label, one.finding), tested
    )


def describe(account: AccountSnapshot, now: float) -> Finding:
    """What is known of an account and what its owner can do."""
    details: Details = {
        "id": account.id,
        "token": account.token_hint,
        "state": account.state.value,
        "until": account.state_until,
        "verdict": account.evidence.verdict if account.evidence else "",
        "status": account.evidence.status if account.evidence else None,
        "since": account.evidence.at if account.evidence else None,
        "excerpt": account.evidence.excerpt if account.evidence else "",
    }
    status, sentence, action = _in_words(account, now)
    return Finding(status, sentence, action, details)


def _finding(
    account: AccountSnapshot, error: GrokdeskError | None, around: Surroundings | None, now: float
) -> Finding:
    known = describe(account, now)
    if error is None:
        verdict: Details = {**known.details, "verdict": "ok"}
        return Finding(known.status, known.sentence, known.action, verdict)
    found = failure(error, around)
    status = Status.WARN if isinstance(error, RateLimitedError) else Status.FAIL
    return Finding(status, found.sentence, found.action, {**known.details, **found.details})


def _in_words(account: AccountSnapshot, now: float) -> tuple[Status, str, str]:
    happened = account.evidence.summary if account.evidence else ""
    advice = account.evidence.action if account.evidence else ""
    wait = "" if account.state_until is None else f" for {duration(account.state_until - now)}"
    match account.state:
        case AccountState.READY | AccountState.BUSY:
            tier = account.tier.label if account.tier else "tier not known yet"
            busy = ", all its calls are taken" if account.state is AccountState.BUSY else ""
            return Status.OK, f"Ready ({tier}){busy}.", ""
        case AccountState.COOLING:
            return Status.WARN, f"Rests{wait}. {happened}".strip(), advice or _BY_ITSELF
        case AccountState.EXHAUSTED:
            return Status.WARN, f"Its quota is used{wait}.", _BY_ITSELF
        case AccountState.DISABLED:
            return Status.SKIPPED, "Switched off by you.", ""
        case AccountState.EXPIRED | AccountState.BLOCKED | AccountState.SEALED as state:
            usual = diagnose(_CAUSES[state])
            return Status.FAIL, happened or usual.sentence, advice or usual.action


_CAUSES = {
    AccountState.EXPIRED: TokenRejectedError(""),
    AccountState.BLOCKED: AccountBlockedError(""),
    AccountState.SEALED: VaultLockedError("Its token cannot be read at the moment."),
}
"""For accounts without evidence, from before it was kept."""


async def _in_turns(work: Callable[[S], T], items: Sequence[S]) -> tuple[T, ...]:
    """Thousands of accounts must not keep the streams waiting."""
    done: list[T] = []
    for first in range(0, len(items), _PER_TURN):
        done += map(work, items[first : first + _PER_TURN])
        await asyncio.sleep(0)
    return tuple(done)


_BY_ITSELF = "Nothing needs to be done: Grokdesk uses it again by itself."


def duration(seconds: float) -> str:
    """Rounded for people: 40 s, 5 min, 3 h 20 min, 2 days."""
    whole = max(0, round(seconds))
    if whole < 100:
        return f"{whole} s"
    if whole < 6000:
        return f"{round(whole / 60)} min"
    if whole < 48 * 3600:
        hours, minutes = divmod(round(whole / 60), 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(whole / 86_400)} days"
