import asyncio
import threading
import time

import pytest

from grokdesk.domain.errors import ChallengedError, VaultLockedError
from grokdesk.services.checking import (
    Check,
    CheckResult,
    Finding,
    Status,
    aside,
    examine,
    shown,
    worst,
)

FINE = Finding(Status.OK, "Fine.")


async def fine() -> Finding:
    return FINE


async def silent() -> Finding:
    await asyncio.Event().wait()
    return FINE


def check(id: str, look=fine, **more: object) -> Check:
    return Check(id, id.title(), look, **more)  # type: ignore[arg-type]


async def test_results_come_in_the_order_of_the_checks_whichever_ends_first() -> None:
    release = asyncio.Event()

    async def first() -> Finding:
        await release.wait()
        return FINE

    async def second() -> Finding:
        release.set()
        return FINE

    heard: list[str] = []
    checkup = await examine(
        [check("first", first), check("second", second)], lambda result: heard.append(result.id)
    )
    assert [result.id for result in checkup.results] == ["first", "second"]
    assert heard == ["second", "first"]


@pytest.mark.alone
async def test_a_check_that_hangs_fails_alone_and_on_time() -> None:
    started = time.monotonic()
    checkup = await examine(
        [check("a", silent, limit_s=0.05, late="Look for a prompt."), check("b")]
    )
    assert time.monotonic() - started < 1
    late, other = checkup.results
    assert (late.status, late.action) == (Status.FAIL, "Look for a prompt.")
    assert "no answer within" in late.sentence
    assert other.status is Status.OK


async def test_an_error_of_ours_is_a_finding_with_its_diagnosis() -> None:
    async def locked() -> Finding:
        raise VaultLockedError("The OS keyring is locked. Unlock it and try again.")

    (result,) = (await examine([check("vault", locked)])).results
    assert result.status is Status.FAIL
    assert (result.sentence, result.action) == (
        "The OS keyring is locked.",
        "Unlock it and try again.",
    )
    assert result.details == {"verdict": "vault_locked"}


async def test_a_check_that_crashes_does_not_hide_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def crashes() -> Finding:
        raise KeyError("sso=a-secret-token-value")

    broken, other = (await examine([check("a", crashes), check("b")])).results
    assert broken.status is Status.FAIL
    assert "KeyError" in broken.sentence
    assert "secret" not in broken.sentence
    assert other.status is Status.OK
    assert "the check a crashed" in caplog.text


async def test_cancelling_a_checkup_ends_its_checks() -> None:
    ended = asyncio.Event()

    async def waits() -> Finding:
        try:
            return await silent()
        finally:
            ended.set()

    task = asyncio.get_running_loop().create_task(examine([check("a", waits)]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


def test_nothing_is_shown_unredacted() -> None:
    secret = "socks5://ann:pa55word@127.0.0.1:1080"
    finding = Finding(
        Status.WARN,
        f"Through {secret}.",
        "Look at cookie: sso=eyJhbGciOiJIUzI1NiJ9.payload.sign.",
        {"proxy": secret, "port": 1080, "up": True, "none": None},
    )
    result = shown("network", f"Network {secret}", finding)
    text = repr(result)
    for part in ("pa55word", "eyJhb", "payload"):
        assert part not in text
    assert result.details["port"] == 1080
    assert result.details["up"] is True
    assert result.details["none"] is None


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], Status.OK),
        ([Status.SKIPPED], Status.OK),
        ([Status.OK, Status.WARN], Status.WARN),
        ([Status.FAIL, Status.OK, Status.WARN], Status.FAIL),
    ],
)
def test_the_worst_finding_says_how_it_went(statuses: list[Status], expected: Status) -> None:
    assert worst(statuses) is expected


async def test_a_finding_of_any_error_is_a_failure() -> None:
    async def challenged() -> Finding:
        raise ChallengedError("Cloudflare asked. Try another network.", status=403)

    (result,) = (await examine([check("network", challenged)])).results
    assert isinstance(result, CheckResult)
    assert result.details["verdict"] == "challenge"


async def test_what_blocks_runs_aside_and_its_errors_come_back() -> None:
    names: list[str] = []

    def work() -> int:
        names.append(threading.current_thread().name)
        return 5

    assert await aside(work) == 5
    assert names == ["grokdesk-check"]

    def broken() -> int:
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        await aside(broken)


async def test_nobody_waits_for_a_thread_that_hangs() -> None:
    release = threading.Event()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await aside(release.wait)
    thread = next(t for t in threading.enumerate() if t.name == "grokdesk-check")
    assert thread.daemon
    release.set()
    await asyncio.to_thread(thread.join)
    await asyncio.sleep(0)
