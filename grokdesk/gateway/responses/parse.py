"""A body to what is asked of the model, and to what the response object repeats of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from grokdesk.domain.chat import AnswerFormat, ChatRequest, Message, Role
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.formats import schema_format
from grokdesk.gateway.responses.body import BODY, ResponseBody
from grokdesk.gateway.responses.history import History
from grokdesk.gateway.responses.outline import Outline
from grokdesk.gateway.responses.tools import ToolPlan, parse_tools
from grokdesk.gateway.values import effort, unsupported, whole_number, within


@dataclass(frozen=True, slots=True)
class ResponseCall:
    """A parsed call, still without the conversation that it may continue."""

    body: ResponseBody
    items: tuple[Any, ...] = field(repr=False)
    plan: ToolPlan
    answer_format: AnswerFormat | None
    max_tokens: int | None
    effort: str | None

    @property
    def keeps(self) -> bool:
        return self.body.store is not False

    @property
    def in_background(self) -> bool:
        return bool(self.body.background)

    def references(self) -> tuple[str, ...]:
        """Ids of items that stand for what we said."""
        return tuple(reference for item in self.items if (reference := reference_in(item)))

    def request(self, history: History, referred: Mapping[str, Any]) -> ChatRequest:
        """`history` is all before this call's own items, `referred` what some of them stand for.

        Raise InvalidRequestError.
        """
        body = self.body
        told = History()
        if isinstance(body.instructions, str):
            told.add(Message(Role.SYSTEM, body.instructions))
        elif body.instructions is not None:
            told.add_items(_items(body.instructions, "instructions"), "instructions")
        items = self.items
        if referred:
            items = tuple(referred.get(reference_in(item), item) for item in items)
        history.add_items(items, "input")
        if not history.messages:
            raise InvalidRequestError("Nothing in this input can be told to Grok.", param="input")
        return ChatRequest(
            model=body.model,
            messages=(*told.messages, *history.messages),
            temperature=body.temperature,
            top_p=body.top_p,
            reasoning_effort=self.effort,
            max_tokens=self.max_tokens,
            tools=self.plan.use,
            answer_format=self.answer_format,
        )

    def outline(self, id: str, model: str, created_at: int) -> Outline:
        include = self.body.include or ()
        return Outline(
            id=id,
            echo=msgspec.Raw(msgspec.json.encode(_echo(self.body, model, created_at))),
            hosted=self.plan.hosted,
            namespaces=self.plan.namespaces,
            shows_searches=self.plan.searches,
            shows_sources="web_search_call.action.sources" in include,
            seals_reasoning="reasoning.encrypted_content" in include,
        )

    def input_items(self) -> bytes:
        """As they are kept."""
        return msgspec.json.encode(self.items)


def reference_in(item: Any) -> str:
    """The id of what it stands for; empty for an item of its own."""
    match item:
        case {"type": "item_reference", "id": str(id)}:
            return id
        case {"id": str(id)} if "type" not in item and "role" not in item:
            return id
        case _:
            return ""


def parse_response(raw: bytes) -> ResponseCall:
    """Raise InvalidRequestError whose `param` names the field at fault."""
    body = BODY.decode(raw)
    if not body.model.strip():
        raise InvalidRequestError("Name a model.", param="model")
    _refuse(body)
    items = _items(body.input, "input")
    if not items and not body.previous_response_id:
        raise InvalidRequestError("Some input is needed.", param="input")
    within(body.temperature, 2, "temperature")
    within(body.top_p, 1, "top_p")
    return ResponseCall(
        body=body,
        items=items,
        plan=parse_tools(
            body.tools, body.tool_choice, parallel=body.parallel_tool_calls is not False
        ),
        answer_format=_answer_format((body.text or {}).get("format")),
        max_tokens=whole_number(body.max_output_tokens, "max_output_tokens"),
        effort=_effort((body.reasoning or {}).get("effort")),
    )


def _refuse(body: ResponseBody) -> None:
    if body.prompt is not None:
        raise unsupported("prompt", "There are no prompt templates here; send the text itself.")
    if body.conversation is not None:
        raise unsupported(
            "conversation", "Conversations are not kept; use previous_response_id instead."
        )
    if body.top_logprobs:
        raise unsupported("top_logprobs", "Grok tells no log probabilities.")
    if body.background and body.store is False:
        raise InvalidRequestError(
            "A response that is made in the background has to be stored: leave out store.",
            param="store",
        )


def _items(value: Any, param: str) -> tuple[Any, ...]:
    match value:
        case None:
            return ()
        case str():
            part = {"type": "input_text", "text": value}
            return ({"type": "message", "role": "user", "content": [part]},)
        case list():
            return tuple(value)
        case _:
            raise InvalidRequestError("This is a text or a list of items.", param=param)


def _effort(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidRequestError("This is a word.", param="reasoning.effort")
    return effort(value, "reasoning.effort")


def _answer_format(value: Any) -> AnswerFormat | None:
    match value:
        case None | {"type": "text"}:
            return None
        case {"type": "json_object"}:
            return AnswerFormat()
        case {"type": "json_schema"}:
            return schema_format(value.get("schema"), value.get("name"), "text.format.schema")
        case _:
            raise InvalidRequestError(
                "Use a format of the type text, json_object or json_schema.", param="text.format"
            )


def _echo(body: ResponseBody, model: str, created_at: int) -> dict[str, Any]:
    """What was asked for, or holds where nothing was."""
    return {
        "created_at": created_at,
        "model": model,
        "background": bool(body.background),
        "instructions": body.instructions,
        "max_output_tokens": body.max_output_tokens,
        "max_tool_calls": body.max_tool_calls,
        "metadata": body.metadata or {},
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "previous_response_id": body.previous_response_id,
        "prompt_cache_key": body.prompt_cache_key,
        "reasoning": {"effort": None, "summary": None} | _given(body.reasoning),
        "safety_identifier": body.safety_identifier,
        "service_tier": "default",
        "store": body.store is not False,
        "temperature": 1.0 if body.temperature is None else body.temperature,
        "text": {"format": {"type": "text"}} | _given(body.text),
        "tool_choice": "auto" if body.tool_choice is None else body.tool_choice,
        "tools": body.tools or [],
        "top_logprobs": 0,
        "top_p": 1.0 if body.top_p is None else body.top_p,
        "truncation": body.truncation or "disabled",
        "user": body.user,
    }


def _given(fields: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (fields or {}).items() if value is not None}
