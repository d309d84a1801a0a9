"""The bodies of Ollama's chats and completions to a ChatRequest."""

from dataclasses import dataclass
from typing import Any

from grokdesk.domain.chat import AnswerFormat, ChatRequest, Message, Role
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import ToolUse
from grokdesk.gateway.decode import JsonDecoder
from grokdesk.gateway.formats import schema_format
from grokdesk.gateway.gaps import gap_messages
from grokdesk.gateway.ollama.body import ChatBody, GenerateBody, NamedBody, OptionsBody
from grokdesk.gateway.ollama.history import parse_images, parse_messages, parse_tools
from grokdesk.gateway.values import stop_texts, within

_CHAT = JsonDecoder(ChatBody)
_GENERATE = JsonDecoder(GenerateBody)
_NAMED = JsonDecoder(NamedBody)

_EFFORTS = ("low", "medium", "high")


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
            temperature=within(options.temperature, 2, "options.temperature"),
            top_p=within(options.top_p, 1, "options.top_p"),
            reasoning_effort=_parse_effort(body.think),
            # Zero and less stand for no limit.
            max_tokens=options.num_predict if (options.num_predict or 0) > 0 else None,
            stop=stop_texts(options.stop, "options.stop"),
            tools=tools,
            answer_format=_parse_format(body.format),
        ),
        wants_stream=body.stream is not False,
        wants_thinking=body.think is not False,
    )


def _messages_of(body: GenerateBody) -> list[Message]:
    system = [Message(Role.SYSTEM, body.system)] if body.system else []
    prompt = body.prompt or ""
    if body.suffix:
        return [*system, *gap_messages(prompt, body.suffix)]
    if not prompt and not body.images:
        return []
    attachments = parse_images(body.images, "images")
    return [*system, Message(Role.USER, prompt, attachments=attachments)]


def _checked_name(name: str) -> str:
    """Ollama's names have a tag, and so do names of ours that went through its clients."""
    if not name.strip():
        raise InvalidRequestError("Name a model.", param="model")
    return name.strip().removesuffix(":latest")


def _parse_effort(think: bool | str | None) -> str | None:
    if isinstance(think, str):
        if think not in _EFFORTS:
            raise InvalidRequestError(
                f"This must be true, false or one of {', '.join(_EFFORTS)}.", param="think"
            )
        return think
    return None


def _parse_format(wanted: Any) -> AnswerFormat | None:
    match wanted:
        case None | "":
            return None
        case "json":
            return AnswerFormat()
        case dict():
            return schema_format(wanted, "", "format")
        case _:
            raise InvalidRequestError("This must be 'json' or a JSON schema.", param="format")
