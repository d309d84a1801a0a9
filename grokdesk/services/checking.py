"""Checks that run side by side, each with its own limit, and what they find."""

import asyncio
import enum
import logging
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from grokdesk.domain.circumstances import Surroundings
from grokdesk.domain.diagnosis import diagnose
from grokdesk.domain.errors import GrokdeskError
from grokdesk.kernel.redaction import redact

_log = logging.getLogger(__name__)

LIMIT_S = 10.0

T = TypeVar("T")

Detail: TypeAlias = str | int | float | bool | None
Details: TypeAlias = Mapping[str, Detail]


class Status(enum.StrEnum):
    """Ordered: the last one of a check-up says how it went."""

    SKIPPED = "skipped"
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """`action` is what a person can do; empty when nothing needs to be done."""

    status: Status
    sentence: str
    action: str = ""
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """`look` may raise a GrokdeskError: that is a finding, too."""

    id: str
    title: str
    look: Callable[[], Awaitable[Finding]]
    limit_s: float = LIMIT_S
    late: str = "Try again; if it stays so, the log may say more."
    """What can be done when it takes longer than the limit (seconds)."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A finding as it may be shown to anybody: without secrets."""

    id: str
    title: str
    status: Status
    sentence: str
    action: str = ""
    details: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkup:
    """In the order of the checks, whichever ended first."""

    results: tuple[CheckResult, ...]

    @property
    def status(self) -> Status:
        return worst(result.status for result in self.results)


def worst(statuses: Iterable[Status]) -> Status:
    """What was skipped is no worse than ok."""
    order = list(Status)
    return order[max([order.index(Status.OK), *(order.index(status) for status in statuses)])]


OnResult: TypeAlias = Callable[[CheckResult], None]


async def examine(checks: Sequence[Check], on_result: OnResult | None = None) -> Checkup:
    """`on_result` hears of each check when it ends."""

    async def run(check: Check) -> CheckResult:
        result = shown(check.id, check.title, await _look(check))
        if on_result is not None:
            on_result(result)
        return result

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(check), name=f"check {check.id}") for check in checks]
    return Checkup(tuple(task.result() for task in tasks))


async def aside(work: Callable[[], T]) -> T:
    """Run what may block in a thread that cannot keep the program from ending, however it hangs."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as caught:  # noqa: BLE001 - a border: handed to the waiter
            error = caught
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:  # the loop has ended: nobody waits any more
            return

    threading.Thread(target=run, name="grokdesk-check", daemon=True).start()
    return await future


def failure(error: GrokdeskError, around: Surroundings | None = None) -> Finding:
    diagnosis = diagnose(error, around)
    return Finding(
        Status.FAIL, diagnosis.sentence, diagnosis.action, {"verdict": diagnosis.verdict.value}
    )


async def _look(check: Check) -> Finding:
    try:
        async with asyncio.timeout(check.limit_s):
            return await check.look()
    except TimeoutError:
        return Finding(
            Status.FAIL,
            f"This check got no answer within {check.limit_s:.0f} s.",
            check.late,
        )
    except GrokdeskError as error:
        return failure(error)
    except Exception as error:  # noqa: BLE001 - a border: one broken check must not hide the others
        _log.exception("the check %s crashed", check.id)
        return failure(GrokdeskError(f"This check failed itself ({type(error).__name__})."))


def shown(id: str, title: str, finding: Finding) -> CheckResult:
    """Reports are pasted into public places, so nothing leaves here unredacted."""
    return CheckResult(
        id,
        redact(title),
        finding.status,
        redact(finding.sentence),
        redact(finding.action),
        {name: _public(value) for name, value in finding.details.items()},
    )


def _public(value: Detail) -> Detail:
    return redact(value) if isinstance(value, str) else value
