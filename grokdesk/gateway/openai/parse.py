"""A chat body to a ChatRequest. What would mislead if it were ignored is refused by name."""

from dataclasses import dataclass
from typing import Any

from grokdesk.domain.chat import ChatRequest
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.decode import JsonDecoder
from grokdesk.gateway.openai.body import ChatBody
from grokdesk.gateway.openai.formats import parse_format
from grokdesk.gateway.openai.history import parse_messages
from grokdesk.gateway.openai.tools import parse_tools
from grokdesk.gateway.openai.values import choices
from grokdesk.gateway.values import effort, stop_texts, unsupported, whole_number, within

_DECODER = JsonDecoder(ChatBody)


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A parsed call: what to ask, and how the client wants to be answered.

    `older_calls`: a tool call is told as `function_call`, for a client that offered `functions`.
    """

    request: ChatRequest
    wants_stream: bool = False
    wants_usage: bool = False
    choices: int = 1
    older_calls: bool = False


def parse_chat(raw: bytes) -> ChatCall:
    """Raise InvalidRequestError whose `param` names the field at fault."""
    body = _DECODER.decode(raw)
    if not body.model.strip():
        raise InvalidRequestError("Name a model.", param="model")
    if not body.messages:
        raise InvalidRequestError("At least one message is needed.", param="messages")
    _refuse_unsupported(body)
    return ChatCall(
        request=ChatRequest(
            model=body.model,
            messages=parse_messages(body.messages),
            temperature=within(body.temperature, 2, "temperature"),
            top_p=within(body.top_p, 1, "top_p"),
            reasoning_effort=_parse_effort(body),
            max_tokens=_parse_max_tokens(body),
            stop=stop_texts(body.stop, "stop"),
            tools=parse_tools(body),
            answer_format=parse_format(body.response_format),
            deepsearch=_parse_deepsearch(body.deepsearch),
        ),
        wants_stream=bool(body.stream),
        wants_usage=body.stream_options is not None and bool(body.stream_options.include_usage),
        choices=choices(body.n),
        older_calls=bool(body.functions) and not body.tools,
    )


def _refuse_unsupported(body: ChatBody) -> None:
    if body.logprobs or body.top_logprobs:
        param = "logprobs" if body.logprobs else "top_logprobs"
        raise unsupported(param, "Grok tells no log probabilities.")
    if body.modalities and body.modalities != ["text"]:
        raise unsupported("modalities", "Grok answers in text alone.")


def _parse_effort(body: ChatBody) -> str | None:
    if body.reasoning_effort:
        return effort(body.reasoning_effort, "reasoning_effort")
    match body.reasoning:
        case {"effort": str(wanted)}:
            return effort(wanted, "reasoning.effort")
        case _:
            return None


def _parse_max_tokens(body: ChatBody) -> int | None:
    if body.max_completion_tokens is not None:
        return whole_number(body.max_completion_tokens, "max_completion_tokens")
    return whole_number(body.max_tokens, "max_tokens")


def _parse_deepsearch(value: Any) -> str:
    match value:
        case None | False | "":
            return ""
        case True:
            return "default"
        case "default" | "deeper":
            return str(value)
        case _:
            raise InvalidRequestError(
                "This must be true, 'default' or 'deeper'.", param="deepsearch"
            )
