"""A connection that breaks at any byte gives a whole answer or one clean error.

The suite tries a sample of offsets; with GROKDESK_TESTS=complete it tries every one.
"""

import asyncio
import itertools
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.depth import COMPLETE
from tests.faults.client import Answer, BrokenAnswerError
from tests.faults.exchanges import (
    EXCHANGES,
    FRAMINGS,
    MGW,
    REST,
    Exchange,
    Transport,
    recorded_lines,
    rest,
)
from tests.faults.judge import Case, objections
from tests.faults.lane import ONE_TRY, Lane, open_lane
from tests.faults.plan import End, Plan

SAMPLE = 24
"""Random offsets of each exchange, besides those where something begins or ends."""

ATTEMPTS = 2
"""Two accounts, one try with each."""
SENT = 2
"""How often curl may send each."""
PATIENCE = {
    "upstream_connect_timeout_s": "5",
    "upstream_first_byte_timeout_s": "5",
    "upstream_idle_timeout_s": "5",
}


@pytest.mark.timeout(7200 if COMPLETE else 120)
@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
async def test_a_reply_that_breaks_off_is_whole_or_an_error(
    exchange: Exchange, tmp_path: Path
) -> None:
    async with open_lane(
        tmp_path, exchange.transport, limit_s=20, settings=ONE_TRY | PATIENCE
    ) as lane:
        sweep = Sweep(lane, exchange)
        for end in (End.FIN, End.RST):
            await sweep.run(end)
        assert lane.core.pool.in_flight == 0
    print(f"{exchange}: {sweep.tried} cases, {len(sweep.failures)} failures")  # shown with -s
    assert not sweep.failures, f"of {sweep.tried}:\n" + "\n".join(sweep.failures[:20])


class Sweep:
    """One exchange, broken off at one offset after the other."""

    def __init__(self, lane: Lane, exchange: Exchange) -> None:
        self.tried = 0
        self.failures: list[str] = []
        self._lane = lane
        self._exchange = exchange

    async def run(self, end: End) -> None:
        """As a stream first: it shows what had been passed on when the connection broke."""
        good = await self._lane.play_whole(self._exchange, stream=True)
        shown: dict[int, int] = {}
        longest = 0
        for offset in _offsets(self._exchange):
            case = Case(Plan(self._exchange, end, offset), stream=True)
            answer = await self._try(case, good, self._attempts(case))
            shown[offset] = len(answer.text) + len(answer.reasoning) if answer else 0
            if answer and shown[offset] < longest:
                self.failures.append(f"{case}: text was lost that came before the end")
            longest = max(longest, shown[offset])
        good = await self._lane.play_whole(self._exchange, stream=False)
        for offset in shown:
            case = Case(Plan(self._exchange, end, offset), stream=False)
            await self._try(case, good, 1 if shown[offset] else self._attempts(case))

    async def _try(self, case: Case, good: Answer, attempts: int) -> Answer | None:
        self.tried += 1
        try:
            answer, played = await self._lane.play(case.plan, stream=case.stream)
        except BrokenAnswerError as error:
            self.failures.append(f"{case}: {error}")
        except TimeoutError:
            self.failures.append(f"{case}: no end")
        else:
            found = objections(case, good, answer, played, attempts)
            self.failures += [f"{case}: {why}" for why in found]
            return answer
        return None

    def _attempts(self, case: Case) -> int:
        """curl sends each anew where a kept connection ends before the first line of a head."""
        first_line = self._exchange.data.index(b"\r\n") + 2
        may_be_dead = self._exchange.transport == "rest" and (case.plan.stop_at or 0) < first_line
        return ATTEMPTS * SENT if may_be_dead else ATTEMPTS


async def test_a_question_is_not_sent_over_one_kept_connection_after_the_other(
    tmp_path: Path,
) -> None:
    """All of them are reset before an answer begins: upstream may have taken each question."""
    good = REST[0]
    async with open_lane(tmp_path, "rest", settings=ONE_TRY | PATIENCE) as lane:
        lane.script("", Plan(good, cuts=(1000,), pause_s=0.2))
        await asyncio.gather(*(lane.client.ask(stream=True) for _ in range(12)))
        assert lane.upstream.open_connections >= 12
        answer, played = await lane.play(Plan(good, End.RST, 0))
        assert answer.code == "upstream_unavailable"
        assert len(played) <= ATTEMPTS * SENT


@pytest.mark.parametrize("transport", ["rest", "mgw"])
async def test_a_connection_that_is_reset_while_we_ask_is_an_error(
    transport: Transport, tmp_path: Path
) -> None:
    """Upstream does not even read the whole question, which is longer than what is under way."""
    prompt = "Tell me more. " * 60_000
    async with open_lane(tmp_path, transport, settings=ONE_TRY | PATIENCE) as lane:
        for stream, deaf_after in itertools.product((True, False), (0, 1, 100, 300)):
            lane.forgive()
            lane.upstream.deaf_after = deaf_after
            answer = await lane.client.ask(stream=stream, prompt=prompt)
            assert (answer.status, answer.code) == (502, "upstream_unavailable")
            assert answer.seconds < 2
        lane.upstream.deaf_after = None
        await lane.play_whole(REST[0] if transport == "rest" else MGW[0], stream=True)
        assert lane.core.pool.in_flight == 0


@pytest.mark.parametrize(
    "exchange", [e for e in MGW if e.says and "fragmented" not in e.name], ids=str
)
async def test_a_socket_that_is_closed_politely_too_early_is_an_error(
    exchange: Exchange, tmp_path: Path
) -> None:
    """After each message but the last."""
    async with open_lane(tmp_path, "mgw", settings=ONE_TRY | PATIENCE) as lane:
        for stream in (True, False):
            good = await lane.play_whole(exchange, stream=stream)
            *borders, _ = _message_ends(exchange)
            for border in borders:
                answer, played = await lane.play(Plan(exchange, End.CLOSE, border), stream=stream)
                assert answer.code == "upstream_incomplete"
                assert good.text.startswith(answer.text)
                assert not answer.text or len(played) == 1


async def test_a_reply_cut_inside_a_frame_is_an_error_though_it_ends_politely(
    tmp_path: Path,
) -> None:
    """The end of the body is there, as a proxy in between may add it."""
    whole = b"".join(recorded_lines("rest-chat-plain.ndjson"))
    frame_ends = {at for at in range(len(whole)) if whole.startswith(b"\n", at)}
    inside = set(range(1, len(whole))) - frame_ends - {at + 1 for at in frame_ends}
    offsets = inside if COMPLETE else random.Random(0).sample(sorted(inside), SAMPLE)
    async with open_lane(tmp_path, "rest", settings=ONE_TRY | PATIENCE) as lane:
        for offset, framing in itertools.product(offsets, FRAMINGS):
            cut = rest(f"cut at {offset}", [whole[:offset]], framing)
            answer, _ = await lane.play(Plan(cut))
            assert answer.finished == (
                b"finalMetadata" in whole[:offset] and _has_all(whole, offset)
            )
            assert answer.finished or answer.code == "upstream_incomplete"


def _has_all(whole: bytes, offset: int) -> bool:
    """The frame with the whole answer is there, and only what follows it is cut."""
    return whole.rindex(b"\n", 0, offset) > whole.index(b"modelResponse")


def _message_ends(exchange: Exchange) -> Iterable[int]:
    """After the greeting."""
    data = exchange.data
    at = sum(len(part.data) for part in exchange.parts[:-1])
    yield at
    while at < len(data):
        length = data[at + 1]
        if length == 126:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
        at += 2 + (length if length < 126 else 0)
        yield at


def _offsets(exchange: Exchange) -> Iterable[int]:
    everywhere = range(exchange.size + 1)
    if COMPLETE:
        return everywhere
    rng = random.Random(exchange.name)
    chosen = {0, 1, exchange.size - 1, exchange.size}
    chosen.update(rng.sample(everywhere, min(SAMPLE, len(everywhere))))
    for border in _borders(exchange):
        chosen.update({border - 1, border, border + 1})
    return sorted(chosen.intersection(everywhere))


def _borders(exchange: Exchange) -> Iterable[int]:
    """The ends of heads and parts, and some of the ends of frames."""
    sizes = [len(part.data) for part in exchange.parts]
    yield from itertools.accumulate(sizes)
    data = exchange.data
    yield data.find(b"\r\n\r\n") + 4
    ends = [at + 2 for at in range(len(data)) if data.startswith((b"}\n", b"}}"), at)]
    yield from random.Random(0).sample(ends, min(6, len(ends)))
