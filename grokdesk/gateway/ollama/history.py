"""Ollama's messages and tools to ours."""

from collections import defaultdict, deque
from collections.abc import Iterable

from grokdesk.domain.attachment import Attachment, AttachmentKind
from grokdesk.domain.chat import Message, Role
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.domain.tools import Tool, ToolCall, ToolUse
from grokdesk.gateway.jsontext import json_of
from grokdesk.gateway.ollama.body import CallBody, MessageBody, ToolBody
from grokdesk.gateway.parts import attachment_from, attachment_from_base64
from grokdesk.gateway.schemas import schema_text


def parse_messages(bodies: Iterable[MessageBody]) -> tuple[Message, ...]:
    """Raise InvalidRequestError; `param` is like `messages[2].images[0]`."""
    calls = _OpenCalls()
    return tuple(
        _parse_message(body, f"messages[{index}]", calls) for index, body in enumerate(bodies)
    )


def parse_images(images: list[str] | None, path: str) -> tuple[Attachment, ...]:
    return tuple(_image(image, f"{path}[{index}]") for index, image in enumerate(images or ()))


def parse_tools(bodies: list[ToolBody] | None) -> ToolUse | None:
    if not bodies:
        return None
    tools = {body.function.name: _tool(body, f"tools[{i}]") for i, body in enumerate(bodies)}
    return ToolUse(tuple(tools.values()))


class _OpenCalls:
    """Calls have no id here: a result answers the first call of that tool that has none yet."""

    def __init__(self) -> None:
        self._open: dict[int, ToolCall] = {}
        self._waiting: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
        """Numbers of calls by id and by name, and of all; also of some that are answered."""
        self._count = 0

    def add(self, body: CallBody) -> ToolCall:
        self._count += 1
        arguments = json_of(body.function.arguments or {})
        call = ToolCall(body.id or f"call_{self._count}", body.function.name, arguments)
        self._open[self._count] = call
        for way in (("id", call.id), ("name", call.name), ("", "")):
            self._waiting[way].append(self._count)
        return call

    def take(self, id: str, name: str) -> tuple[str, str]:
        """Id and name of the call that this is the result of, as far as they can be told."""
        way = ("id", id) if id else ("name", name) if name else ("", "")
        waiting = self._waiting[way]
        while waiting:
            call = self._open.pop(waiting.popleft(), None)
            if call is not None:
                return call.id, call.name
        return id, name


def _parse_message(body: MessageBody, path: str, calls: _OpenCalls) -> Message:
    text = body.content or ""
    attachments = parse_images(body.images, f"{path}.images")
    match body.role:
        case "user":
            return Message(Role.USER, text, attachments=attachments)
        case "system":
            return Message(Role.SYSTEM, text, attachments=attachments)
        case "assistant":
            made = tuple(calls.add(call) for call in body.tool_calls or ())
            return Message(Role.ASSISTANT, text, calls=made, attachments=attachments)
        case "tool":
            name = body.tool_name or body.name or ""
            call_id, name = calls.take(body.tool_call_id or "", name)
            return Message(Role.TOOL, text, name, call_id, attachments=attachments)
        case _:
            raise InvalidRequestError(
                f"'{body.role[:40]}' is no role; use system, user, assistant or tool.",
                param=f"{path}.role",
            )


def _image(image: str, param: str) -> Attachment:
    if image.startswith("data:"):
        return attachment_from(image, AttachmentKind.IMAGE, param)
    return attachment_from_base64(image, AttachmentKind.IMAGE, param)


def _tool(body: ToolBody, param: str) -> Tool:
    function = body.function
    if not function.name.strip():
        raise InvalidRequestError("A tool needs a name.", param=f"{param}.function.name")
    text = schema_text(function.parameters, f"{param}.function.parameters")
    return Tool(function.name, function.description or "", text)
