"""What is done with the selected accounts, and how far it is."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from grokdesk.services.accounts import AccountSnapshot
from grokdesk.services.quota_refresh import RefreshResult
from grokdesk.ui import text
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.bulk import BulkResult, check_all, for_each
from grokdesk.ui.widgets.info_bar import InfoBar


class AccountCommands:
    """One at a time; what takes long can be stopped. Demo accounts are left alone."""

    def __init__(self, kit: Kit, info: InfoBar) -> None:
        self._kit = kit
        self._info = info
        self.running: asyncio.Task[BulkResult | None] | None = None

    def check(self, accounts: Sequence[AccountSnapshot]) -> None:
        wanted = [account for account in accounts if account.enabled]
        verb = "checked"
        self._begin_long(wanted, verb, lambda real, tell: check_all(self._kit.services, real, tell))

    def refresh_quota(self, accounts: Sequence[AccountSnapshot]) -> None:
        wanted = [account for account in accounts if account.enabled]
        self._begin_long(wanted, "refreshed", self._read_quota)

    def set_enabled(self, accounts: Sequence[AccountSnapshot], *, on: bool) -> None:
        self.configure(
            [account for account in accounts if account.enabled is not on],
            {"enabled": on},
            "enabled" if on else "disabled",
        )

    def configure(
        self, accounts: Sequence[AccountSnapshot], changes: dict[str, Any], verb: str = "changed"
    ) -> None:
        service = self._kit.services.accounts

        def change(account: AccountSnapshot) -> Awaitable[object]:
            return service.configure(account.id, **changes)

        real = _real(accounts)
        if real and self._is_free():
            self._begin(for_each(real, change), verb, say_success=False)

    def remove(self, account_ids: Sequence[str]) -> None:
        self._kit.calls.run(
            self._kit.services.accounts.remove(account_ids),
            name="remove accounts",
            info=self._info,
            done=lambda removed: self._info.say(f"{text.count(removed, 'account')} removed."),
        )

    def stop(self) -> None:
        if self.running is not None:
            self.running.cancel()

    async def _read_quota(
        self, accounts: Sequence[AccountSnapshot], on_progress: Callable[[int, int], None]
    ) -> BulkResult:
        ids = [account.id for account in accounts]
        return _as_bulk(accounts, await self._kit.services.quota.refresh(ids, on_progress))

    def _begin_long(
        self,
        accounts: Sequence[AccountSnapshot],
        verb: str,
        work: Callable[
            [Sequence[AccountSnapshot], Callable[[int, int], None]],
            Coroutine[Any, Any, BulkResult],
        ],
    ) -> None:
        real = _real(accounts)
        if real and self._is_free():
            tell = partial(self._tell_progress, verb)
            self._begin(work(real, tell), verb, say_success=True)
            tell(0, len(real))

    def _is_free(self) -> bool:
        return self.running is None or self.running.done()

    def _begin(
        self, work: Coroutine[Any, Any, BulkResult], verb: str, *, say_success: bool
    ) -> None:
        self.running = self._kit.calls.begin(
            work,
            name=f"accounts {verb}",
            info=self._info,
            done=lambda result: self._tell_end(result, verb, say_success=say_success),
        )

    def _tell_progress(self, verb: str, done: int, total: int) -> None:
        words = f"{text.number(done)} of {text.count(total, 'account')} {verb}."
        self._info.say(words, action="Stop", act=self.stop)

    def _tell_end(self, result: BulkResult, verb: str, *, say_success: bool) -> None:
        if result.failures:
            self._info.say(result.sentence(verb), tone="bad")
        elif say_success:
            self._info.say(result.sentence(verb), tone="ok")


def _real(accounts: Sequence[AccountSnapshot]) -> list[AccountSnapshot]:
    return [account for account in accounts if not account.demo]


def _as_bulk(accounts: Sequence[AccountSnapshot], result: RefreshResult) -> BulkResult:
    by_id = {account.id: account for account in accounts}
    failures = tuple((by_id[account_id], reason) for account_id, reason in result.failed)
    return BulkResult(result.read, failures)
