"""The bodies of Ollama's requests, as clients send them.

What stands here is honoured or refused; everything else (`keep_alive`, `template`, `raw`,
`context`, most of `options`) is about programs that run models themselves, and is ignored.
"""

from typing import Any

import msgspec


class OptionsBody(msgspec.Struct):
    temperature: float | None = None
    top_p: float | None = None
    num_predict: int | None = None
    stop: str | list[str] | None = None


class CalledBody(msgspec.Struct):
    name: str
    arguments: dict[str, Any] | None = None


class CallBody(msgspec.Struct):
    function: CalledBody
    id: str = ""


class MessageBody(msgspec.Struct):
    role: str
    content: str | None = None
    images: list[str] | None = None
    tool_calls: list[CallBody] | None = None
    tool_name: str | None = None
    name: str | None = None
    tool_call_id: str | None = None


class FunctionBody(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class ToolBody(msgspec.Struct):
    function: FunctionBody


class ChatBody(msgspec.Struct):
    model: str
    messages: list[MessageBody] | None = None
    tools: list[ToolBody] | None = None
    stream: bool | None = None
    format: Any = None
    think: bool | str | None = None
    options: OptionsBody | None = None


class GenerateBody(msgspec.Struct):
    model: str
    prompt: str | None = None
    suffix: str | None = None
    system: str | None = None
    images: list[str] | None = None
    stream: bool | None = None
    format: Any = None
    think: bool | str | None = None
    options: OptionsBody | None = None


class NamedBody(msgspec.Struct):
    model: str | None = None
    name: str | None = None
