"""One healthy account beside one that fails: every request is answered, and soon."""

import asyncio
import statistics
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.faults.client import Answer
from tests.faults.exchanges import MGW, REST, Exchange, Transport, refused_handshake, rest
from tests.faults.lane import TOKENS, Lane, open_lane
from tests.faults.plan import End, Plan

REQUESTS = 40
ROUNDS = 40
FAILOVER_S = 0.05

FAILING, HEALTHY = TOKENS
_GOOD: Mapping[Transport, Exchange] = {"rest": REST[0], "mgw": MGW[0]}
_HTML = [("Content-Type", "text/html")]
_PAGE = b"<!DOCTYPE html><html><title>Just a moment...</title></html>"


def _answering(transport: Transport, status: str, body: bytes = b"") -> Plan:
    if transport == "mgw":
        return Plan(refused_handshake(status, status, body, _HTML))
    return Plan(rest(status, [body], "length", status=status, headers=_HTML))


def _plan(trouble: str, transport: Transport) -> Plan:
    good = _GOOD[transport]
    match trouble:
        case "resets at once":
            return Plan(good, End.RST, 0)
        case "closes at once":
            return Plan(good, End.FIN, 0)
        case "resets in the head":
            return Plan(good, End.RST, 40)
        case "resets before the answer":
            return Plan(good, End.RST, 250)
        case "times out":
            return Plan(good, stop_at=0)
        case "times out before the answer":
            return Plan(good, stop_at=250)
        case "challenges":
            return _answering(transport, "403 Forbidden", _PAGE)
        case status:
            return _answering(transport, status)


@pytest.mark.parametrize("at_once", [1, 40])
@pytest.mark.parametrize("transport", ["rest", "mgw"])
@pytest.mark.parametrize(
    "trouble",
    [
        "resets at once",
        "closes at once",
        "resets in the head",
        "resets before the answer",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "times out",
        "times out before the answer",
        "challenges",
    ],
)
async def test_forty_requests_are_answered_beside_a_failing_account(
    trouble: str, transport: Transport, at_once: int, tmp_path: Path
) -> None:
    settings = {
        "upstream_connect_timeout_s": "1",
        "upstream_first_byte_timeout_s": "1",
        "upstream_idle_timeout_s": "1",
    }
    async with open_lane(tmp_path, transport, settings=settings) as lane:
        lane.script("", Plan(_GOOD[transport]))
        lane.script(FAILING, _plan(trouble, transport))
        turns = asyncio.Semaphore(at_once)

        async def ask(number: int) -> Answer:
            async with turns:
                return await lane.client.ask(stream=number % 2 == 0)

        answers = await asyncio.gather(*(ask(number) for number in range(REQUESTS)))
        bad = [answer for answer in answers if not answer.finished]
        assert [answer.code for answer in bad] == []
        assert {answer.text for answer in answers} == {answers[0].text}
        assert any(played.token == FAILING for played in lane.upstream.played)
        assert lane.core.pool.in_flight == 0
        assert _states(lane) <= {"ready", "cooling"}


@pytest.mark.parametrize("transport", ["rest", "mgw"])
async def test_a_limited_account_gives_way_at_once(transport: Transport, tmp_path: Path) -> None:
    """What the failing account adds, against the time of a request without it."""
    good = Plan(_GOOD[transport])
    async with open_lane(tmp_path, transport) as lane:
        lane.script(HEALTHY, good)
        plain, failed_over = [], []
        for _ in range(ROUNDS):
            lane.script(FAILING, good)
            answer, played = await lane.play(good)
            assert [each.token for each in played] == [FAILING]
            plain.append(answer.seconds)
            lane.script(FAILING, _answering(transport, "429 Too Many Requests"))
            answer, played = await lane.play(good)
            assert [each.token for each in played] == [FAILING, HEALTHY]
            assert answer.finished
            failed_over.append(answer.seconds)
        added = [slow - statistics.median(plain) for slow in failed_over]
        print(  # shown with -s
            f"{transport}: fail-over adds {statistics.median(added) * 1e3:.1f} ms at the median, "
            f"{max(added) * 1e3:.1f} ms at most"
        )
        assert statistics.median(added) < FAILOVER_S
        assert sum(each >= FAILOVER_S for each in added) <= 1, "one hiccup of the machine is let be"


def _states(lane: Lane) -> set[str]:
    return {view.state.value for view in lane.core.pool.views()}
