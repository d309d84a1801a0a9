"""What an answer may be when its upstream broke off: the whole of it, or one clean error."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.faults.client import Answer
from tests.faults.plan import End, Plan, Played


@dataclass(frozen=True, slots=True)
class Case:
    plan: Plan
    stream: bool

    def __str__(self) -> str:
        way = "stream" if self.stream else "whole"
        return f"{self.plan.exchange}: {self.plan.end.value} at {self.plan.stop_at}, {way}"


def objections(
    case: Case, good: Answer, answer: Answer, played: Sequence[Played], most_attempts: int
) -> Iterator[str]:
    """`good` is the answer to the same exchange when nothing breaks."""
    if not played:
        yield "upstream was never asked"
    if len(played) > most_attempts:
        yield f"{len(played)} attempts"
    if answer.finished:
        yield from _objections_to_success(good, answer)
    else:
        yield from _objections_to_error(case, good, answer)
    if (answer.text or answer.reasoning) and len(played) != 1:
        yield f"asked {len(played)} times although a part of the answer was shown"


def _objections_to_success(good: Answer, answer: Answer) -> Iterator[str]:
    if not good.finished:
        yield "success, where even the whole reply is an error"
    elif (answer.text, answer.reasoning) != (good.text, good.reasoning):
        yield f"success, but truncated: {answer.text[-40:]!r}"
    elif answer.citations != good.citations:
        yield f"success, but without all sources: {answer.citations}"


def _objections_to_error(case: Case, good: Answer, answer: Answer) -> Iterator[str]:
    if good.finished and _is_all(case.plan):
        yield f"{answer.code} although everything had been said"
    if not good.text.startswith(answer.text):
        yield f"text that was never said: {answer.text[-40:]!r}"
    if not good.reasoning.startswith(answer.reasoning):
        yield f"thoughts that were never said: {answer.reasoning[-40:]!r}"
    if not answer.code.startswith(("upstream_", "quota_", "content_")):
        yield f"{answer.status} {answer.code} is no word for this"


def _is_all(plan: Plan) -> bool:
    """Where the end of the connection is a part of the reply, a reset takes it away."""
    is_torn = plan.exchange.closes and plan.end is not End.FIN
    return plan.stop_at == plan.exchange.size and not is_torn
