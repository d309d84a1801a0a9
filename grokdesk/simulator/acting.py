"""The simulator in the part of a model that calls tools and writes JSON when it is told to.

In the last user turn, whatever stands around it:
    !call NAME {"key": "value"}            a call, as it was asked for; several for several calls
    !callform hermes NAME {"key": 1}       the same in another form: hermes, invoke, json, fenced
    !latecall NAME {}                      words at first, the call only when told that it is a must
    !json {"key": "value"}                 that JSON
    !badjson {"key": "value"}              broken JSON at first, this when told so
NAME may be followed by a JSON string instead, the free text of a custom tool. When the last turn
is the result of a tool, the answer quotes it, so that an agent comes to an end.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import Any, Final

from grokdesk.simulator.prompt import ends_with_results, last_user_text, turns_of

BROKEN_JSON: Final = '{"answer": "this is not'
RELUCTANT: Final = "Let me think about this in words first."

_CALL: Final = re.compile(r"(?:^|[\s>(\"'`])!(call|latecall|callform[ \t]+(\w+))[ \t]+(\S+)")
_JSON: Final = re.compile(r"(?:^|[\s>(\"'`])!(json|badjson)\b")
_JSON_START: Final = re.compile(r"""\s*[{["]""")
_RESULT_HEAD: Final = re.compile(r"(?:Tool result \([^)]*\): )?(?:\S+ returned:\n)?")
_QUOTED_CHARS: Final = 2000
_DECODER: Final = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Acted:
    """`rest` is what else the user wrote; `exact`: nothing may stand before the text."""

    text: str
    rest: str = ""
    exact: bool = False


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    arguments: Any
    form: str = "xml"
    late: bool = False


def act(prompt: str) -> Acted | None:
    """None when the prompt asks for nothing of this kind."""
    if ends_with_results(prompt):
        return Acted(_quoting(prompt))
    told_again = _asked_before(prompt)
    question = told_again or last_user_text(prompt)
    if "!" not in question:
        return None
    calls, rest = _calls_in(question)
    if not calls:
        return _json_answer(question, is_told_again=bool(told_again))
    if any(call.late for call in calls) and not told_again:
        return Acted(RELUCTANT)
    exact = any(call.form != "xml" for call in calls)
    return Acted(_written(calls), "" if told_again else rest, exact)


def _asked_before(prompt: str) -> str:
    """The user's words before our first, wrong answer, if the last turn is a correction of it."""
    if BROKEN_JSON not in prompt and RELUCTANT not in prompt:
        return ""
    *earlier, said, last = turns_of(prompt)
    if last.role != "user" or said.text.strip() not in (BROKEN_JSON, RELUCTANT):
        return ""
    return next((turn.text for turn in reversed(earlier) if turn.role == "user"), "")


def _quoting(prompt: str) -> str:
    results = takewhile(lambda turn: turn.role == "tool", reversed(turns_of(prompt)))
    said = [_RESULT_HEAD.sub("", turn.text, count=1)[:_QUOTED_CHARS] for turn in results]
    return "\n\n".join(f"The tool said: {text}" for text in reversed(said))


def _calls_in(question: str) -> tuple[list[_Call], str]:
    """The calls, and the text without them."""
    calls: list[_Call] = []
    rest: list[str] = []
    at = 0
    while found := _CALL.search(question, at):
        rest.append(question[at : found.start()])
        keyword, form, name = found.groups()
        arguments, at = _value_at(question, found.end(), default={})
        calls.append(_Call(name, arguments, form or "xml", keyword == "latecall"))
    return calls, "".join((*rest, question[at:]))


def _json_answer(question: str, *, is_told_again: bool) -> Acted | None:
    found = _JSON.search(question)
    if found is None:
        return None
    if found[1] == "badjson" and not is_told_again:
        return Acted(BROKEN_JSON, exact=True)
    value, _ = _value_at(question, found.end(), default={"ok": True})
    return Acted(_json(value), exact=True)


def _value_at(text: str, at: int, default: Any) -> tuple[Any, int]:
    """The JSON that stands there, and where it ends."""
    found = _JSON_START.match(text, at)
    if found is None:
        return default, at
    try:
        value, end = _DECODER.raw_decode(text, found.end() - 1)
    except ValueError:
        return default, at
    return value, end


def _written(calls: Sequence[_Call]) -> str:
    grouped = groupby(calls, key=lambda call: call.form)
    return "\n".join(_FORMS.get(form, _xml)(list(group)) for form, group in grouped)


def _xml(calls: Sequence[_Call]) -> str:
    return "\n".join(
        (
            "<tool_calls>",
            *(
                f"<tool_call>\n<tool_name>{call.name}</tool_name>\n"
                f"<parameters>{_parameters(call.arguments)}</parameters>\n</tool_call>"
                for call in calls
            ),
            "</tool_calls>",
        )
    )


def _parameters(arguments: Any) -> str:
    if isinstance(arguments, str):
        return f"<![CDATA[{arguments.replace(']]>', ']]]]><![CDATA[>')}]]>"
    return _json(arguments)


def _hermes(calls: Sequence[_Call]) -> str:
    return "\n".join(f"<tool_call>\n{_object(call)}\n</tool_call>" for call in calls)


def _invoke(calls: Sequence[_Call]) -> str:
    invoked = "\n".join(
        f'<invoke name="{call.name}">\n' + "".join(_named(call.arguments)) + "</invoke>"
        for call in calls
    )
    return f"<function_calls>\n{invoked}\n</function_calls>"


def _named(arguments: Any) -> Iterator[str]:
    given = arguments.items() if isinstance(arguments, dict) else [("input", arguments)]
    for name, value in given:
        text = value if isinstance(value, str) else _json(value)
        yield f'<parameter name="{name}">{text}</parameter>\n'


def _tool_calls_object(calls: Sequence[_Call]) -> str:
    return f'{{"tool_calls":[{",".join(map(_object, calls))}]}}'


def _fenced(calls: Sequence[_Call]) -> str:
    return "\n".join(f"```json\n{_object(call)}\n```" for call in calls)


def _object(call: _Call) -> str:
    return _json({"name": call.name, "arguments": call.arguments})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


_FORMS: Final[dict[str, Callable[[Sequence[_Call]], str]]] = {
    "hermes": _hermes,
    "invoke": _invoke,
    "json": _tool_calls_object,
    "fenced": _fenced,
}
