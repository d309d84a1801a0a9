"""A message request to a ChatRequest. What would mislead if it were ignored is refused by name."""

from dataclasses import dataclass

from grokdesk.domain.chat import AnswerFormat, ChatRequest
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.anthropic.body import FormatBody, RequestBody, ThinkingBody
from grokdesk.gateway.anthropic.history import parse_messages, parse_system
from grokdesk.gateway.anthropic.tools import parse_tools
from grokdesk.gateway.decode import JsonDecoder
from grokdesk.gateway.formats import schema_format
from grokdesk.gateway.values import stop_texts, whole_number, within

_DECODER = JsonDecoder(RequestBody)
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_THOROUGH_FROM, _THINKING_FROM = 32_000, 4_000
"""Tokens for thinking, to high and medium effort. Claude Code asks for 31,999 with everything."""


@dataclass(frozen=True, slots=True)
class MessageCall:
    """A parsed call: what to ask, and how the client wants to be answered.

    Thinking is told only to those who asked for it, because to others the first block is the
    answer; `hides_thinking`: they want to know that there was some, and not what.
    """

    request: ChatRequest
    wants_stream: bool = False
    wants_thinking: bool = False
    hides_thinking: bool = False


def parse_call(raw: bytes) -> MessageCall:
    """Raise InvalidRequestError whose `param` names the field at fault."""
    body = _DECODER.decode(raw)
    if body.max_tokens is None:
        raise InvalidRequestError("max_tokens is missing.", param="max_tokens")
    whole_number(body.max_tokens, "max_tokens")
    thinking = body.thinking
    wants_thinking = thinking is not None and thinking.type in ("enabled", "adaptive")
    return MessageCall(
        _request_of(body),
        wants_stream=bool(body.stream),
        wants_thinking=wants_thinking,
        hides_thinking=thinking is not None and thinking.display == "omitted",
    )


def parse_count(raw: bytes) -> ChatRequest:
    """The same without an answer to come."""
    return _request_of(_DECODER.decode(raw))


def _request_of(body: RequestBody) -> ChatRequest:
    if not body.model.strip():
        raise InvalidRequestError("Name a model.", param="model")
    return ChatRequest(
        model=body.model,
        messages=parse_system(body.system) + parse_messages(body.messages),
        temperature=within(body.temperature, 2, "temperature"),
        top_p=within(body.top_p, 1, "top_p"),
        reasoning_effort=_parse_effort(body),
        max_tokens=body.max_tokens,
        stop=stop_texts(body.stop_sequences, "stop_sequences"),
        tools=parse_tools(body),
        answer_format=_parse_format(body),
    )


def _parse_effort(body: RequestBody) -> str | None:
    effort = body.output_config.effort if body.output_config is not None else None
    if not effort:
        return _effort_of(body.thinking)
    if effort not in _EFFORTS:
        raise InvalidRequestError(
            f"This must be one of {', '.join(_EFFORTS)}.", param="output_config.effort"
        )
    return effort


def _effort_of(thinking: ThinkingBody | None) -> str | None:
    """None leaves it to the model, which thinks or does not by its mode."""
    if thinking is None or thinking.type != "enabled" or thinking.budget_tokens is None:
        return None
    if thinking.budget_tokens >= _THOROUGH_FROM:
        return "high"
    return "medium" if thinking.budget_tokens >= _THINKING_FROM else "low"


def _parse_format(body: RequestBody) -> AnswerFormat | None:
    if body.output_config is not None and body.output_config.format is not None:
        return _format_of(body.output_config.format, "output_config.format")
    if body.output_format is not None:
        return _format_of(body.output_format, "output_format")
    return None


def _format_of(wanted: FormatBody, param: str) -> AnswerFormat:
    if wanted.type != "json_schema":
        raise InvalidRequestError("The one format there is, is json_schema.", param=f"{param}.type")
    return schema_format(wanted.schema, wanted.name, f"{param}.schema")
