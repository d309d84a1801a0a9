"""The same for each of several accounts, a few at once; failures are gathered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from grokdesk.domain.errors import GrokdeskError
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.services.bundle import Services
from grokdesk.services.checks_accounts import Tested
from grokdesk.ui import text

_AT_ONCE = 4

Failure = tuple[AccountSnapshot, str]
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class BulkResult:
    done: int
    failures: tuple[Failure, ...]

    def sentence(self, verb: str) -> str:
        """`verb` is a past participle: "3 accounts checked. Lab 01: …"."""
        parts = [f"{text.count(self.done, 'account')} {verb}."] if self.done else []
        if self.failures:
            account, reason = self.failures[0]
            more = f" ({len(self.failures) - 1} more failed)" if len(self.failures) > 1 else ""
            parts.append(f"{text.account_name(account.label)}: {text.one_line(reason, 400)}{more}")
        return " ".join(parts)


async def for_each(
    accounts: Sequence[AccountSnapshot],
    call: Callable[[AccountSnapshot], Awaitable[object]],
    on_progress: Progress = lambda _done, _total: None,
) -> BulkResult:
    """Cancelling stops what runs; what is done stays done."""
    limit = asyncio.Semaphore(_AT_ONCE)
    failures: list[Failure] = []
    settled = 0

    async def one(account: AccountSnapshot) -> None:
        nonlocal settled
        async with limit:
            try:
                await call(account)
            except GrokdeskError as error:
                failures.append((account, str(error)))
        settled += 1
        on_progress(settled, len(accounts))

    async with asyncio.TaskGroup() as group:
        for account in accounts:
            _ = group.create_task(one(account))
    return BulkResult(len(accounts) - len(failures), tuple(failures))


async def check_all(
    services: Services, accounts: Sequence[AccountSnapshot], on_progress: Progress
) -> BulkResult:
    """Ask grok.com about each; what failed comes with what can be done about it."""
    there = {account.id for account in services.accounts.snapshot()}
    ids = [account.id for account in accounts if account.id in there]
    settled = 0

    def tell(_account: AccountSnapshot) -> None:
        nonlocal settled
        settled += 1
        on_progress(settled, len(ids))

    tested = await services.diagnostics.test_accounts(ids, tell)
    failures = tuple((one.account, _reason(one)) for one in tested if _failed(one))
    return BulkResult(len(tested) - len(failures), failures)


def _failed(one: Tested) -> bool:
    return one.finding.details.get("verdict") != "ok"


def _reason(one: Tested) -> str:
    return f"{text.sentence(one.finding.sentence)} {one.finding.action}".strip()
