"""A connection that breaks at any byte gives a whole answer or one clean error.

The suite tries a sample of offsets; with GROKDESK_FAULTS=complete it tries every one.
"""

import itertools
import os
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.faults.client import Answer, BrokenAnswerError
from tests.faults.exchanges import EXCHANGES, Exchange
from tests.faults.judge import Case, objections
from tests.faults.lane import ONE_TRY, Lane, open_lane
from tests.faults.upstream import End, Plan

COMPLETE = os.environ.get("GROKDESK_FAULTS") == "complete"
SAMPLE = 24
"""Random offsets of each exchange, besides those where something begins or ends."""

ATTEMPTS = 2
"""Two accounts, one try with each."""
PATIENCE = {
    "upstream_connect_timeout_s": "5",
    "upstream_first_byte_timeout_s": "5",
    "upstream_idle_timeout_s": "5",
}


@pytest.mark.timeout(3600 if COMPLETE else 120)
@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
async def test_a_reply_that_breaks_off_is_whole_or_an_error(
    exchange: Exchange, tmp_path: Path
) -> None:
    failures: list[str] = []
    tried = 0
    async with open_lane(tmp_path, exchange.transport, limit_s=20, **ONE_TRY, **PATIENCE) as lane:
        for end, stream in itertools.product((End.FIN, End.RST), (True, False)):
            good = await lane.play_whole(exchange, stream=stream)
            longest = 0
            for offset in _offsets(exchange):
                case = Case(Plan(exchange, end, offset), stream)
                tried += 1
                answer = await _try(lane, case, good, failures)
                if answer is None:
                    continue
                shown = len(answer.text) + len(answer.reasoning)
                if stream and shown < longest:
                    failures.append(f"{case}: text was lost that came before the end")
                longest = max(longest, shown)
        assert lane.core.pool.in_flight == 0
    print(f"{exchange}: {tried} cases, {len(failures)} failures")  # shown with -s
    assert not failures, f"{len(failures)} of {tried}:\n" + "\n".join(failures[:20])


async def _try(lane: Lane, case: Case, good: Answer, failures: list[str]) -> Answer | None:
    try:
        answer, played = await lane.play(case.plan, stream=case.stream)
    except BrokenAnswerError as error:
        failures.append(f"{case}: {error}")
    except TimeoutError:
        failures.append(f"{case}: no end")
    else:
        found = objections(case, good, answer, played, _attempts(case))
        failures += [f"{case}: {why}" for why in found]
        return answer
    return None


def _attempts(case: Case) -> int:
    """curl itself sends anew where a kept connection turns out dead before the first byte."""
    may_be_dead = case.plan.stop_at == 0 and case.plan.exchange.transport == "rest"
    return ATTEMPTS + may_be_dead


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
