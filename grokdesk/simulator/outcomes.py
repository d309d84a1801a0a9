"""What a scenario makes of a good answer."""

from dataclasses import replace
from typing import Final

from grokdesk.simulator.answer import USAGE_LIMIT, Answer, Ending, Fault, Say, Step
from grokdesk.simulator.pages import NOT_FOUND, REFUSALS, Refusal
from grokdesk.simulator.scenario import EVERYWHERE, Scenario
from grokdesk.simulator.stats import Transport

_SLOW_CHUNK_S: Final = 0.1
_TOO_MANY: Final = "Too many requests"

_FAULTS: Final = {
    "inband429": Fault(8, _TOO_MANY),
    "inbandantibot": Fault(7, "Request rejected by anti-bot rules.", word="anti_bot"),
    "exhausted": USAGE_LIMIT,
}

# Over HTTP these are statuses; an open socket can only say them in a frame.
_SOCKET_FAULTS: Final = {
    "429": Fault(8, _TOO_MANY),
    "antibot": Fault(7, "Request rejected by anti-bot rules.", word="anti_bot"),
    "moderated": Fault(7, "Content violates usage guidelines. [WKE=content-moderated]"),
}

_WHOLE: Final = {
    "garbage": Ending.GARBAGE,
    "empty": Ending.EMPTY,
}

_HALVED: Final = {
    "stallmid": Ending.STALL,
    "cut": Ending.CUT,
    "incomplete": Ending.BROKEN,
    "sessionended": Ending.SESSION_ENDED,
}


def refusal_of(scenario: Scenario, transport: Transport) -> Refusal | None:
    """The HTTP answer that this transport gets in the place of a stream."""
    if transport == "mgw" and scenario.has("nomgw"):
        return NOT_FOUND
    allowed = REFUSALS.keys() if transport == "rest" else EVERYWHERE
    return next(
        (REFUSALS[name] for name in REFUSALS if name in allowed and scenario.has(name)), None
    )


def early_ending(scenario: Scenario) -> Ending | None:
    """For the cases that are decided before the request is read."""
    if scenario.has("reset"):
        return Ending.RESET
    if scenario.has("stall"):
        return Ending.SILENT
    return None


def fault_of(scenario: Scenario, transport: Transport) -> Fault | None:
    faults = _FAULTS if transport == "rest" else _FAULTS | _SOCKET_FAULTS
    return next((fault for name, fault in faults.items() if scenario.has(name)), None)


def bend(answer: Answer, scenario: Scenario) -> Answer:
    if not scenario.behaviours:
        return answer
    if scenario.has("slow") and answer.chunk_delay_s is None:
        answer = replace(answer, chunk_delay_s=_SLOW_CHUNK_S)
    for name, ending in _WHOLE.items():
        if scenario.has(name):
            return Answer((), ending)
    for name, ending in _HALVED.items():
        if scenario.has(name):
            return replace(answer, steps=_first_half(answer), ending=ending)
    return answer


def _first_half(answer: Answer) -> tuple[Step, ...]:
    """At least one piece of text, so that there is something to lose."""
    steps = tuple(answer.steps)
    first_text = next((i for i, step in enumerate(steps) if isinstance(step, Say)), 0)
    return steps[: max(len(steps) // 2, first_text + 1)]
