"""The bodies of Ollama's chats and completions to a ChatRequest."""

from dataclasses import dataclass
from typing import Any

from grokdesk.domain.chat import AnswerFormat, ChatRequest, Message, Role
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import ToolUse
from grokdesk.gateway.decode import JsonDecoder
from grokdesk.gateway.ollama.body import ChatBody, GenerateBody, NamedBody, OptionsBody
from grokdesk.gateway.ollama.history import parse_images, parse_messages, parse_tools
from grokdesk.services.shaping.structured import check_schema

_CHAT = JsonDecoder(ChatBody)
_GENERATE = JsonDecoder(GenerateBody)
_NAMED = JsonDecoder(NamedBody)

_EFFORTS = ("low", "medium", "high")
_STOPS = 64
_STOP_CHARS = 1000
_FILL = (
    "You fill gaps in texts. The user's message has the text before the gap between <before> and "
    "</before>, the text after it between <after> and </after>. Answer with exactly what belongs "
    "into the gap, and with nothing else."
)


@dataclass(frozen=True, slots=True)
class OllamaCall:
    """A parsed call. Without messages it only asks for the model to be loaded."""

    request: ChatRequest
    wants_stream: bool = True
    wants_thinking: bool = True


def parse_chat(raw: bytes) -> OllamaCall:
    """Raise InvalidRequestError whose `param` names the field at fault."""
    body = _CHAT.decode(raw)
    return _call_of(body, parse_messages(body.messages or ()), parse_tools(body.tools))


def parse_generate(raw: bytes) -> OllamaCall:
    """Like `parse_chat`."""
    body = _GENERATE.decode(raw)
    return _call_of(body, tuple(_messages_of(body)), None)


def parse_name(raw: bytes) -> str:
    """The model that a client asks about."""
    body = _NAMED.decode(raw)
    return _checked_name(body.model or body.name or "")


def _call_of(
    body: ChatBody | GenerateBody, messages: tuple[Message, ...], tools: ToolUse | None
) -> OllamaCall:
    options = body.options or OptionsBody()
    return OllamaCall(
        ChatRequest(
            model=_checked_name(body.model),
            messages=messages,
            temperature=_within(options.temperature, 2, "options.temperature"),
            top_p=_within(options.top_p, 1, "options.top_p"),
            reasoning_effort=_parse_effort(body.think),
            # Zero and less stand for no limit.
            max_tokens=options.num_predict if (options.num_predict or 0) > 0 else None,
            stop=_parse_stops(options.stop),
            tools=tools,
            answer_format=_parse_format(body.format),
        ),
        wants_stream=body.stream is not False,
        wants_thinking=body.think is not False,
    )


def _messages_of(body: GenerateBody) -> list[Message]:
    if not body.prompt and not body.images:
        return []
    system, prompt = body.system or "", body.prompt or ""
    if body.suffix:
        system = f"{system}\n\n{_FILL}".strip()
        prompt = f"<before>{prompt}</before>\n<after>{body.suffix}</after>"
    messages = [Message(Role.SYSTEM, system)] if system else []
    attachments = parse_images(body.images, "images")
    return [*messages, Message(Role.USER, prompt, attachments=attachments)]


def _checked_name(name: str) -> str:
    """Ollama's names have a tag, and so do names of ours that went through its clients."""
    if not name.strip():
        raise InvalidRequestError("Name a model.", param="model")
    return name.strip().removesuffix(":latest")


def _within(value: float | None, highest: float, param: str) -> float | None:
    if value is not None and not 0 <= value <= highest:
        raise InvalidRequestError(f"This must be from 0 to {highest}.", param=param)
    return value


def _parse_effort(think: bool | str | None) -> str | None:
    if isinstance(think, str):
        if think not in _EFFORTS:
            raise InvalidRequestError(
                f"This must be true, false or one of {', '.join(_EFFORTS)}.", param="think"
            )
        return think
    return None


def _parse_stops(stop: str | list[str] | None) -> tuple[str, ...]:
    stops = [stop] if isinstance(stop, str) else stop or []
    if len(stops) > _STOPS or any(len(text) > _STOP_CHARS for text in stops):
        raise InvalidRequestError(
            f"At most {_STOPS} stop texts of {_STOP_CHARS} characters.", param="options.stop"
        )
    return tuple(text for text in dict.fromkeys(stops) if text)


def _parse_format(wanted: Any) -> AnswerFormat | None:
    match wanted:
        case None | "":
            return None
        case "json":
            return AnswerFormat()
        case dict():
            answer_format = AnswerFormat(wanted)
            check_schema(answer_format, "format")
            return answer_format
        case _:
            raise InvalidRequestError("This must be 'json' or a JSON schema.", param="format")
