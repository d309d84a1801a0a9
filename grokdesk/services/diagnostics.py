"""The check-up: everything between a chat program and an answer, looked at in one go."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from grokdesk.services.checking import LIMIT_S, Check, Checkup, Finding, OnResult, examine
from grokdesk.services.checks_accounts import (
    AccountChecks,
    OnTested,
    Tested,
    results,
    summarise,
)
from grokdesk.services.checks_computer import Computer, ComputerChecks
from grokdesk.services.checks_upstream import Outside, UpstreamChecks

_PROBING_S = 3600.0
"""Each account has a limit of its own."""


class DiagnosticsService:
    """Works in the running program and, with what is stored, while none runs."""

    def __init__(self, computer: Computer, outside: Outside) -> None:
        self._computer = computer
        self._outside = outside

    async def check_up(self, *, probe: bool = False, on_result: OnResult | None = None) -> Checkup:
        """`probe`: ask grok.com about each account, too; spends no call."""
        async with self._open_checks() as (upstream, accounts):
            tested: list[Tested] = []

            async def look() -> Finding:
                tested.extend(await accounts.test_all() if probe else await accounts.look())
                return summarise(tested)

            limit_s = _PROBING_S if probe else LIMIT_S
            checks = (
                *ComputerChecks(self._computer).all(),
                *upstream.all(),
                Check("accounts", "Accounts", look, limit_s=limit_s),
            )
            checkup = await examine(checks, on_result)
        return Checkup((*checkup.results, *await results(tested)))

    async def test_accounts(
        self, account_ids: Sequence[str], on_tested: OnTested | None = None
    ) -> tuple[Tested, ...]:
        """Ask grok.com about these accounts; spends no call."""
        async with self._open_checks() as (_, accounts):
            return await accounts.test(account_ids, on_tested)

    @contextlib.asynccontextmanager
    async def _open_checks(self) -> AsyncIterator[tuple[UpstreamChecks, AccountChecks]]:
        computer = self._computer
        upstream = UpstreamChecks(self._outside)
        try:
            yield (
                upstream,
                AccountChecks(computer.accounts, computer.clock, upstream.surroundings),
            )
        finally:
            await upstream.close()
