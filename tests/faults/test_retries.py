"""Who is tried again after which answer, how often and when; and what Retry-After means."""

from email.utils import formatdate
from pathlib import Path

import pytest

from grokdesk.kernel.clock import SystemClock
from tests.faults.exchanges import MGW, REST, Exchange, refused_handshake, rest
from tests.faults.lane import ONE_TRY, TOKENS, open_lane
from tests.faults.plan import End, Plan

JSON = [("Content-Type", "application/json")]
HTML = [("Content-Type", "text/html")]
A, B = TOKENS
_BY_NAME = {exchange.name: exchange for exchange in (*REST, *MGW)}


def _answer(status: int, body: bytes = b"", headers: list[tuple[str, str]] = HTML) -> Exchange:
    return rest(str(status), [body], "length", status=f"{status} X", headers=headers)


def _refusal(status: int) -> Exchange:
    return refused_handshake(str(status), f"{status} X", b"", HTML)


ATTEMPTS = (
    (Plan(_answer(500)), [A, B, A, B]),
    (Plan(_answer(503)), [A, B, A, B]),
    (Plan(_answer(504)), [A, B, A, B]),
    (Plan(_answer(200, b"", JSON)), [A, B, A, B]),
    (Plan(REST[0], End.FIN, 100), [A, B, A, B]),
    (Plan(_answer(403)), [A, B, A]),
    (Plan(_answer(403, b'{"error":{"code":7,"message":"Something"}}', JSON)), [A, B]),
    (Plan(_answer(401)), [A, B]),
    (Plan(_answer(429)), [A, B]),
    (Plan(_BY_NAME["rest error-inband-ratelimit.ndjson chunked"]), [A, B]),
    (Plan(_answer(404)), [A]),
    (Plan(_answer(407)), [A]),
    (Plan(_BY_NAME["rest chat-image-lite-moderated.ndjson chunked"]), [A]),
    (Plan(_BY_NAME["rest error-inband-midstream.ndjson chunked"]), [A]),
    (Plan(_refusal(500)), [A, B, A, B]),
    (Plan(MGW[0], End.RST, 0), [A, B, A, B]),
    (Plan(MGW[0], End.FIN, 300), [A, B, A, B]),
    (Plan(_refusal(403)), [A, B, A]),
    (Plan(_refusal(429)), [A, B]),
    (Plan(_BY_NAME["mgw error-usage-limit.ndjson"]), [A, B]),
    (Plan(_refusal(400)), [A]),
    (Plan(_BY_NAME["mgw incomplete.ndjson"]), [A]),
)
"""Two accounts, two tries each; a renewed session is one reason more, but once."""


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(
    ("plan", "tokens"), ATTEMPTS, ids=[f"{p.exchange} {p.end.value}" for p, _ in ATTEMPTS]
)
async def test_each_failure_is_tried_again_as_often_as_it_makes_sense(
    plan: Plan, tokens: list[str], stream: bool, tmp_path: Path
) -> None:
    settings = {"pool_retry_pause_s": "0.05"}
    async with open_lane(tmp_path, plan.exchange.transport, settings=settings) as lane:
        answer, played = await lane.play(plan, stream=stream)
        assert not answer.finished
        assert [each.token for each in played] == tokens


@pytest.mark.parametrize("good", [REST[0], MGW[0]], ids=["rest", "mgw"])
async def test_no_more_than_five_accounts_are_tried(good: Exchange, tmp_path: Path) -> None:
    tokens = tuple(f"token-of-account-number-{number}" for number in range(8))
    refusal = _answer(429) if good.transport == "rest" else _refusal(429)
    async with open_lane(tmp_path, good.transport, tokens=tokens) as lane:
        answer, played = await lane.play(Plan(refusal))
        assert [each.token for each in played] == list(tokens[:5])
        assert answer.status == 429


RETRY_AFTER = (
    ("7", 6, 7),
    ("0", 1, 1),
    ("-5", 1, 1),
    ("1.5", 1, 2),
    ("999999999999", 86_399, 86_400),
    ("in 7 seconds", 10, 20),
    ("7 seconds from now, as a date", 6, 8),
    ("Thu, 01 Jan 1970 00:00:00 GMT", 1, 1),
)
"""The header, and the least and the most that the client is told."""


@pytest.mark.parametrize(
    ("value", "least", "most"), RETRY_AFTER, ids=[row[0] for row in RETRY_AFTER]
)
async def test_retry_after_is_passed_on_within_bounds(
    value: str, least: int, most: int, tmp_path: Path
) -> None:
    busy = _busy(503, value)
    async with open_lane(tmp_path, "rest", settings=ONE_TRY) as lane:
        answer, played = await lane.play(Plan(busy))
        assert (answer.status, len(played)) == (429, 2)
        assert least <= int(answer.headers["retry-after"]) <= most


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("7", 5, 7),
        ("999999999999", 86_390, 86_400),
        ("7 seconds from now, as a date", 5, 8),
    ],
)
async def test_a_limit_lasts_as_long_as_upstream_says(
    value: str, least: int, most: int, tmp_path: Path
) -> None:
    async with open_lane(tmp_path, "rest", settings=ONE_TRY) as lane:
        answer, played = await lane.play(Plan(_busy(429, value)))
        assert (answer.status, answer.code, len(played)) == (429, "quota_exhausted", 2)
        assert least <= int(answer.headers["retry-after"]) <= most


@pytest.mark.parametrize("value", ["0", "-5", "Thu, 01 Jan 1970 00:00:00 GMT"])
async def test_a_limit_that_is_over_already_does_not_last(value: str, tmp_path: Path) -> None:
    async with open_lane(tmp_path, "rest", settings=ONE_TRY) as lane:
        answer, _ = await lane.play(Plan(_busy(429, value)))
        assert answer.status == 429
        assert int(answer.headers["retry-after"]) <= 5


async def test_the_same_account_is_tried_again_after_the_time_asked_for(tmp_path: Path) -> None:
    settings = {"pool_retry_pause_s": "0.05"}
    async with open_lane(tmp_path, "rest", tokens=TOKENS[:1], settings=settings) as lane:
        for value, least, most in (("1", 1.0, 2.0), ("-5", 0.03, 0.5), ("", 0.03, 0.5)):
            lane.script(TOKENS[0], Plan(_busy(503, value)), Plan(REST[0]))
            answer, played = await lane.play(Plan(REST[0]))
            assert answer.finished
            assert len(played) == 2
            assert least <= answer.seconds <= most


async def test_nobody_waits_longer_than_the_budget_allows(tmp_path: Path) -> None:
    settings = {"pool_retry_budget_s": "2"}
    async with open_lane(tmp_path, "rest", tokens=TOKENS[:1], settings=settings) as lane:
        lane.script(TOKENS[0], Plan(_busy(503, "3600")), Plan(REST[0]))
        answer, played = await lane.play(Plan(REST[0]))
        assert (answer.status, len(played)) == (429, 1)
        assert int(answer.headers["retry-after"]) == 3600
        assert answer.seconds < 1


def _busy(status: int, retry_after: str) -> Exchange:
    """The words of a date stand for a date."""
    if retry_after.endswith("as a date"):
        retry_after = formatdate(SystemClock().now() + 7, usegmt=True)
    extra = [("Retry-After", retry_after)] if retry_after else []
    return _answer(status, b'{"error":{"code":14,"message":"Try later"}}', [*JSON, *extra])
