"""Turns account snapshots into table rows, in slices that never hold up the loop."""

import asyncio
from collections.abc import Callable

from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.services.accounts import AccountService, AccountSnapshot
from grokdesk.ui.presenters.account_row import AccountRow, build_row

_SLICE = 200
_MANY = 1_000
_REST_S = 1.0
"""With many accounts the list is rebuilt at most this often."""


class AccountFeed:
    """`install` gets all rows; asking again while a rebuild runs leads to exactly one more."""

    def __init__(
        self,
        accounts: AccountService,
        tasks: TaskSupervisor,
        install: Callable[[tuple[AccountRow, ...]], object],
    ) -> None:
        self._accounts = accounts
        self._tasks = tasks
        self._install = install
        self._known: dict[str, AccountRow] = {}
        self._wanted = False
        self._running = False

    def reload(self) -> None:
        self._wanted = True
        if not self._running:
            self._running = True
            self._tasks.run_soon(self._rebuild(), name="account table")

    async def _rebuild(self) -> None:
        try:
            while self._wanted:
                self._wanted = False
                rows = await self._rows()
                self._known = {row.account.id: row for row in rows}
                self._install(rows)
                if len(rows) > _MANY:
                    await asyncio.sleep(_REST_S)
        finally:
            self._running = False

    async def _rows(self) -> tuple[AccountRow, ...]:
        snapshot = self._accounts.snapshot()
        rows: list[AccountRow] = []
        for start in range(0, len(snapshot), _SLICE):
            rows += map(self._row, snapshot[start : start + _SLICE])
            await asyncio.sleep(0)
        return tuple(rows)

    def _row(self, account: AccountSnapshot) -> AccountRow:
        known = self._known.get(account.id)
        return known if known is not None and known.account == account else build_row(account)
