"""The body of a message request, as clients send it.

What stands here is honoured or refused. Everything else is ignored: `cache_control`, `metadata`,
`context_management`, `service_tier`, `container`, `betas`, `top_k` and so on change nothing that a
client can tell. Blocks of content have too many forms for a type and are looked at in `history`.
"""

from typing import Any

import msgspec


class MessageBody(msgspec.Struct):
    role: str
    content: str | list[Any] | None = None


class ToolBody(msgspec.Struct):
    """`type` is absent, or `custom`, for a tool of the client's own."""

    name: str = ""
    type: str | None = None
    description: str | None = None
    input_schema: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class ToolChoiceBody(msgspec.Struct):
    type: str
    name: str = ""
    disable_parallel_tool_use: bool | None = None


class ThinkingBody(msgspec.Struct):
    type: str
    budget_tokens: int | None = None
    display: str | None = None


class FormatBody(msgspec.Struct):
    type: str
    schema: Any = None
    name: str | None = None


class OutputConfigBody(msgspec.Struct):
    effort: str | None = None
    format: FormatBody | None = None


class RequestBody(msgspec.Struct):
    model: str
    messages: list[MessageBody]
    max_tokens: int | None = None
    system: str | list[Any] | None = None
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: list[str] | None = None
    tools: list[ToolBody] | None = None
    tool_choice: ToolChoiceBody | None = None
    thinking: ThinkingBody | None = None
    output_config: OutputConfigBody | None = None
    output_format: FormatBody | None = None
