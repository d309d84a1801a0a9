"""Whatever is done to a pool, in whatever order, it does what the oracle says."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from grokdesk.domain.account import Account, AccountState, Tier
from grokdesk.domain.quota import Mode, Provenance, QuotaWindow
from grokdesk.pool.ranking import Selection
from tests.pool import endings, soak
from tests.pool.oracle import Demand
from tests.pool.walk import JUMPS, SILENCE, STEPS, TIERS, WAITS
from tests.pool.world import World

modes = st.sampled_from((Mode.FAST, Mode.FAST, Mode.AUTO, Mode.IMAGE_PRO))
KINDS = (*SILENCE * 2, *endings.ENDINGS)
numbers = st.integers(0, 30)
"""Pick one of what there is, modulo how many there are."""
changes = st.one_of(
    st.fixed_dictionaries({"enabled": st.booleans()}),
    st.fixed_dictionaries({"priority": st.integers(-1, 1)}),
    st.fixed_dictionaries({"tier": st.sampled_from(TIERS)}),
    st.fixed_dictionaries({"tier": st.sampled_from(Tier), "tier_pinned": st.just(True)}),
    st.fixed_dictionaries({"max_in_flight": st.sampled_from((None, 1, 3, 20))}),
    st.just({"enabled": True, "state": AccountState.READY, "evidence": None}),
)


@st.composite
def a_window(draw: st.DrawFn, mode: Mode) -> QuotaWindow:
    """`resets_at` counts from now; nothing left means that it is known when there will be."""
    weekly = mode is Mode.WEEKLY
    total = 10_000 if weekly else draw(st.integers(1, 4) | st.just(140))
    length_s = 604_800.0 if weekly else draw(st.sampled_from((600.0, 7200.0, 86_400.0)))
    left = draw(st.integers(0, min(total, 4)) | st.just(total))
    ends = st.integers(1, int(length_s) * 4).map(lambda quarters: quarters / 4)
    resets = draw(ends if left == 0 else st.none() | ends)
    return QuotaWindow(mode, total, left, length_s, resets, Provenance.MEASURED)


windows = st.one_of(
    st.just([]),
    a_window(Mode.WEEKLY).map(lambda window: [window]),
    st.sets(modes, max_size=3).flatmap(lambda some: st.tuples(*map(a_window, sorted(some)))),
)


accounts = st.builds(
    lambda name, tier, priority, cap: Account(
        name, name, name, "…", tier, priority=priority, max_in_flight=cap
    ),
    st.sampled_from("abcd"),
    st.sampled_from(TIERS),
    st.integers(0, 1),
    st.sampled_from((None, None, 1, 2)),
)


class PoolMachine(RuleBasedStateMachine):
    @initialize(
        cap=st.sampled_from((1, 2, 8)),
        selection=st.sampled_from(Selection),
        first=st.lists(st.tuples(accounts, windows), min_size=1, max_size=4),
    )
    def begin(self, cap: int, selection: Selection, first: list[tuple[Account, Any]]) -> None:
        self.world = World(max_in_flight=cap)
        self.world.set_policy(selection, cap)
        for account, quotas in first:
            self.add(account, quotas)

    @rule(account=accounts, quotas=windows)
    def add(self, account: Account, quotas: Any) -> None:
        if account.id not in self.world.ids:
            self.world.add(account, quotas)

    @precondition(lambda self: self.world.ids)
    @rule(number=numbers, change=changes)
    def edit(self, number: int, change: dict[str, Any]) -> None:
        self.world.edit(self._one(number), **change)

    @precondition(lambda self: self.world.ids)
    @rule(number=numbers)
    def remove(self, number: int) -> None:
        self.world.remove(self._one(number))

    @precondition(lambda self: self.world.ids)
    @rule(number=numbers)
    def forgive(self, number: int) -> None:
        self.world.forgive(self._one(number))

    @rule(
        mode=modes,
        floor=st.sampled_from((Tier.BASIC, Tier.BASIC, Tier.SUPER, Tier.HEAVY)),
        names=st.lists(st.sampled_from("abcd"), max_size=3),
        how=st.sampled_from(("plain", "plain", "exclude", "among")),
        prefer=st.none() | st.sampled_from("abcd"),
        wait=st.booleans(),
        times=st.integers(1, 4),
    )
    def lease(
        self,
        mode: Mode,
        floor: Tier,
        names: list[str],
        how: str,
        prefer: str | None,
        wait: bool,
        times: int,
    ) -> None:
        demand = Demand(
            mode,
            floor,
            exclude=frozenset(names if how == "exclude" else ()),
            among=frozenset(names) if how == "among" else None,
            prefer=prefer,
        )
        for _ in range(times):
            self.world.lease(demand, wait=wait)

    @precondition(lambda self: self.world.running)
    @rule(
        numbers=st.lists(numbers, min_size=1, max_size=4),
        kind=st.sampled_from(KINDS),
        retry_after=st.sampled_from(WAITS),
    )
    def settle(self, numbers: list[int], kind: type, retry_after: float | None) -> None:
        for number in numbers[: len(self.world.running)]:
            error = None if kind is type(None) else endings.make(kind, retry_after)
            self.world.settle(number, error)

    @precondition(lambda self: self.world.ids)
    @rule(number=numbers)
    def ask(self, number: int) -> None:
        self.world.ask(self._one(number))

    @precondition(lambda self: self.world.asked)
    @rule(number=numbers, readings=windows, absent=st.sets(modes | st.just(Mode.WEEKLY)))
    def read(self, number: int, readings: Any, absent: set[Mode]) -> None:
        self.world.read(number, readings, absent)

    @rule(seconds=st.sampled_from(STEPS))
    def advance(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule(seconds=st.sampled_from(JUMPS))
    def jump(self, seconds: float) -> None:
        self.world.jump(seconds)

    @rule(seconds=st.sampled_from(STEPS))
    def suspend(self, seconds: float) -> None:
        self.world.suspend(seconds * 60)

    @rule(selection=st.sampled_from(Selection), cap=st.sampled_from((1, 2, 8)))
    def set_policy(self, selection: Selection, cap: int) -> None:
        self.world.set_policy(selection, cap)

    @rule()
    def quiesce(self) -> None:
        self.world.quiesce()

    @invariant()
    def is_as_the_oracle_says(self) -> None:
        self.world.judge.all_accounts()

    def teardown(self) -> None:
        self.world.quiesce()

    def _one(self, number: int) -> str:
        return self.world.ids[number % len(self.world.ids)]


def test_a_pool_does_what_the_oracle_says() -> None:
    run_state_machine_as_test(
        PoolMachine,
        settings=settings(
            max_examples=150,
            stateful_step_count=60,
            deadline=None,
            derandomize="CI" in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_long_walk_of_random_operations_finds_nothing_either(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`python -m tests.pool.soak` goes a million steps."""
    assert soak.main(["--operations", "30000"]) == 0
    assert "no failure" in capsys.readouterr().out


def test_the_oracle_knows_every_error_of_upstream() -> None:
    assert set(endings.every_upstream_error()) <= set(endings.ENDINGS)
