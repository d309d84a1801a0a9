"""Random operations on a world, without hypothesis: millions in a minute."""

import random
from asyncio import CancelledError
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.errors import (
    ChallengedError,
    ForbiddenError,
    IncompleteReplyError,
    LocalNetworkError,
    RateLimitedError,
    TokenRejectedError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    VaultLockedError,
)
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.pool.ranking import Selection
from tests.pool import endings
from tests.pool.oracle import Demand
from tests.pool.world import World

MODES = (Mode.FAST, Mode.AUTO, Mode.HEAVY, Mode.IMAGE_PRO, Mode.IMAGE_EDIT)
OK = type(None)
SILENCE = (UpstreamUnavailableError, UpstreamTimeoutError, IncompleteReplyError)
ALL = tuple(endings.ENDINGS)
WAITS = (None, None, None, -5.0, 0.0, 0.5, 2.0, 60.0, 600.0, 7200.0, 1e9)
STEPS = (0.25, 0.25, 1.0, 1.0, 5.0, 5.0, 30.0, 60.0, 300.0, 600.0, 3600.0, 86_400.0)
YEARS_S = 315_576_000.0
JUMPS = (3600.0, -3600.0, 86_400.0, -86_400.0, YEARS_S, -YEARS_S)
TIERS = (None, Tier.BASIC, Tier.BASIC, Tier.SUPER, Tier.HEAVY)


@dataclass(frozen=True)
class Mood:
    """How things go for a while: of calls, time, and how many calls run beside each other."""

    endings: tuple[type, ...]
    steps: tuple[float, ...] = STEPS
    settles: float = 30
    advances: float = 12


MOODS = (
    Mood((OK,) * 6 + ALL),
    Mood((OK,) * 30 + ALL, settles=20),
    Mood((OK, RateLimitedError, RateLimitedError, *SILENCE), STEPS[:10]),
    Mood((OK, *SILENCE * 4, LocalNetworkError, VaultLockedError), STEPS[:8], advances=5),
    Mood((*SILENCE, ForbiddenError, TokenRejectedError), STEPS[:7], settles=36, advances=4),
    Mood((OK, OK, CancelledError, ChallengedError, *SILENCE), STEPS[:6], settles=12, advances=6),
)
_MOOD_LASTS = 250


class Walk:
    """`accounts`: at most so many at once."""

    def __init__(self, seed: int, *, accounts: int = 12) -> None:
        self.rng = random.Random(seed)
        self.world = World(rng=random.Random(seed))
        self.done: Counter[str] = Counter()
        self._accounts = accounts
        self._names = 0
        self._mood = MOODS[0]

    def run(self, operations: int) -> None:
        for start in range(0, operations, _MOOD_LASTS):
            self._mood = self.rng.choice(MOODS)
            table = self._table()
            count = min(_MOOD_LASTS, operations - start)
            for step in self.rng.choices(list(table), list(table.values()), k=count):
                self.done[step.__name__] += 1
                step()
        self.world.quiesce()

    def _table(self) -> dict[Callable[[], None], float]:
        """What is done how often."""
        return {
            self.lease: 36,
            self.settle: self._mood.settles,
            self.advance: self._mood.advances,
            self.ask: 5,
            self.read: 5,
            self.edit: 5,
            self.revive: 4,
            self.add: 2,
            self.remove: 1,
            self.forgive: 1,
            self.jump: 0.5,
            self.suspend: 0.5,
            self.set_policy: 0.5,
            self.quiesce: 0.3,
        }

    def add(self) -> None:
        if len(self.world.oracle.known) >= self._accounts:
            return
        rng = self.rng
        gone = [name for name in self._all_names() if name not in self.world.oracle.known]
        if gone and rng.random() < 0.5:
            name = rng.choice(gone)  # somebody comes back
        else:
            self._names += 1
            name = f"a{self._names % 100}"
            if name in self.world.oracle.known:
                return
        account = Account(
            id=name,
            label=name,
            fingerprint=name,
            token_hint="…1234",
            tier=rng.choice(TIERS),
            enabled=rng.random() < 0.9,
            priority=rng.choice((0, 0, 0, 1)),
            max_in_flight=rng.choice((None, None, 1, 2)),
        )
        self.world.add(account, self._windows() if rng.random() < 0.7 else ())

    def edit(self) -> None:
        rng = self.rng
        name = self._somebody()
        if name is None:
            return
        changes: tuple[dict[str, object], ...] = (
            {"enabled": rng.random() < 0.8},
            {"priority": rng.randint(-1, 1)},
            {"tier": rng.choice(TIERS)},
            {"tier": rng.choice(list(Tier)), "tier_pinned": True},
            {"max_in_flight": rng.choice((None, None, 1, 3, 20))},
            {"note": "hello"},
        )
        self.world.edit(name, **rng.choice(changes))

    def revive(self) -> None:
        dead = [n for n, known in self.world.oracle.known.items() if not known.usable]
        if dead:
            name = self.rng.choice(dead)
            self.world.edit(name, enabled=True, state=AccountState.READY, evidence=None)

    def remove(self) -> None:
        name = self._somebody()
        if name is not None and len(self.world.oracle.known) > 1:
            self.world.remove(name)

    def forgive(self) -> None:
        name = self._somebody()
        if name is not None:
            self.world.forgive(name)

    def lease(self) -> None:
        rng = self.rng
        ids = self.world.ids
        names = rng.sample(ids, min(len(ids), rng.randint(1, 4)))
        kind = rng.random()
        demand = Demand(
            rng.choice(MODES),
            rng.choice((Tier.BASIC, Tier.BASIC, Tier.BASIC, Tier.SUPER, Tier.HEAVY)),
            exclude=frozenset(names if kind < 0.2 else ()),
            among=frozenset(names) if 0.2 <= kind < 0.3 else None,
            prefer=rng.choice(ids) if ids and rng.random() < 0.25 else None,
        )
        self.world.lease(demand, wait=rng.random() < 0.2)

    def settle(self) -> None:
        rng = self.rng
        if not self.world.running:
            return
        kind = rng.choice(self._mood.endings)
        error = endings.make(None if kind is OK else kind, rng.choice(WAITS))
        self.world.settle(rng.randrange(len(self.world.running)), error)

    def ask(self) -> None:
        name = self._somebody()
        if name is not None and len(self.world.asked) < 8:
            self.world.ask(name)

    def read(self) -> None:
        if self.world.asked:
            absent = [Mode.WEEKLY] if self.rng.random() < 0.1 else []
            index = self.rng.randrange(len(self.world.asked))
            self.world.read(index, self._windows(), absent)

    def advance(self) -> None:
        self.world.advance(self.rng.choice(self._mood.steps))

    def suspend(self) -> None:
        self.world.suspend(self.rng.choice((60.0, 3600.0, 86_400.0)))

    def jump(self) -> None:
        self.world.jump(self.rng.choice(JUMPS))

    def set_policy(self) -> None:
        self.world.set_policy(self.rng.choice(list(Selection)), self.rng.choice((1, 2, 8)))

    def quiesce(self) -> None:
        self.world.quiesce()

    def _somebody(self) -> str | None:
        ids = self.world.ids
        return self.rng.choice(ids) if ids else None

    def _all_names(self) -> list[str]:
        return [f"a{number % 100}" for number in range(1, self._names + 1)]

    def _windows(self) -> list[QuotaWindow]:
        rng = self.rng
        if rng.random() < 0.15:
            modes = [Mode.WEEKLY]
        else:
            modes = rng.sample(MODES, rng.randint(0, len(MODES)))
        return [a_window(mode, rng) for mode in modes]


def a_window(mode: Mode, rng: random.Random) -> QuotaWindow:
    """`resets_at` counts from now."""
    total = 10_000 if mode is Mode.WEEKLY else rng.choice((1, 2, 7, 30, 140))
    length_s = 604_800.0 if mode is Mode.WEEKLY else rng.choice((600.0, 7200.0, 86_400.0))
    left = rng.choice((0, 1, total // 2, total))
    started = left < total or rng.random() < 0.5
    ends = length_s * rng.choice((0.25, 0.5, 1.0)) if started else None
    return QuotaWindow(mode, total, left, length_s, ends, Provenance.MEASURED)
