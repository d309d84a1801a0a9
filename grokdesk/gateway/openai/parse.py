"""A chat body to a ChatRequest. What we cannot do is refused by name, never ignored.

Fields that nobody here knows are ignored.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from grokdesk.domain.chat import ChatRequest
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.decode import JsonDecoder
from grokdesk.gateway.openai.history import MessageBody, parse_messages

_STOPS = 16
_STOP_CHARS = 1000
_UNSUPPORTED = "unsupported_parameter"


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Body(msgspec.Struct):
    model: str
    messages: list[MessageBody]
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: str | None = None
    max_tokens: int | float | None = None
    max_completion_tokens: int | float | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    logprobs: bool | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    functions: list[Any] | None = None
    function_call: Any = None
    response_format: Any = None
    modalities: list[str] | None = None


_DECODER = JsonDecoder(_Body)


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A parsed call: what to ask, and how the client wants to be answered."""

    request: ChatRequest
    wants_stream: bool = False
    wants_usage: bool = False


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
            temperature=_within(body.temperature, 2, "temperature"),
            top_p=_within(body.top_p, 1, "top_p"),
            reasoning_effort=body.reasoning_effort or None,
            max_tokens=_parse_max_tokens(body),
            stop=_parse_stop(body.stop),
        ),
        wants_stream=bool(body.stream),
        wants_usage=body.stream_options is not None and bool(body.stream_options.include_usage),
    )


def _refuse_unsupported(body: _Body) -> None:
    if body.tools and body.tool_choice != "none":
        raise _unsupported("tools", "Tool calling is not supported yet.")
    if body.functions and body.function_call != "none":
        raise _unsupported("functions", "Tool calling is not supported yet.")
    if body.n is not None and body.n != 1:
        raise _unsupported("n", "Only one choice can be made per request; ask again for more.")
    if body.logprobs:
        raise _unsupported("logprobs", "Grok tells no log probabilities.")
    if body.response_format is not None and body.response_format != {"type": "text"}:
        raise _unsupported("response_format", "Only the response format 'text' is supported yet.")
    if body.modalities and body.modalities != ["text"]:
        raise _unsupported("modalities", "Only text answers are supported yet.")


def _unsupported(param: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(message, param=param, code=_UNSUPPORTED)


def _within(value: float | None, highest: float, param: str) -> float | None:
    if value is not None and not 0 <= value <= highest:
        raise InvalidRequestError(f"This must be from 0 to {highest}.", param=param)
    return value


def _parse_max_tokens(body: _Body) -> int | None:
    for param in ("max_completion_tokens", "max_tokens"):
        value: int | float | None = getattr(body, param)
        if value is not None:
            if value < 1 or value != int(value):
                raise InvalidRequestError("This must be a whole number from 1 up.", param=param)
            return int(value)
    return None


def _parse_stop(stop: str | list[str] | None) -> tuple[str, ...]:
    if not stop:
        return ()
    stops = tuple(dict.fromkeys([stop] if isinstance(stop, str) else stop))
    if len(stops) > _STOPS or any(len(text) > _STOP_CHARS for text in stops):
        raise InvalidRequestError(
            f"At most {_STOPS} stop texts of {_STOP_CHARS} characters.", param="stop"
        )
    return tuple(text for text in stops if text)
