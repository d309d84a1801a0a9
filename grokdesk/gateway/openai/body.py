"""The bodies of chat and text completions, as clients send them.

What stands here is honoured or refused; everything else that OpenAI knows is ignored.
Fields of too many forms for a type are `Any` and looked at in `parse`.
"""

from typing import Any

import msgspec


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class MessageBody(msgspec.Struct):
    role: str
    content: Any = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[Any] | None = None
    function_call: Any = None
    refusal: str | None = None


class FunctionBody(msgspec.Struct):
    """`parameters` is a JSON schema."""

    name: str
    description: str | None = None
    parameters: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class CustomBody(msgspec.Struct):
    name: str
    description: str | None = None
    format: Any = None


class ToolBody(msgspec.Struct):
    """Some clients send a function's fields beside its type, as the Responses API has them."""

    type: str = "function"
    function: FunctionBody | None = None
    custom: CustomBody | None = None
    name: str | None = None
    description: str | None = None
    parameters: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class ChatBody(msgspec.Struct):
    model: str
    messages: list[MessageBody]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: str | None = None
    reasoning: Any = None
    max_tokens: int | float | None = None
    max_completion_tokens: int | float | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[ToolBody] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    functions: list[FunctionBody] | None = None
    function_call: Any = None
    response_format: Any = None
    modalities: list[str] | None = None
    deepsearch: bool | str | None = None


class CompletionBody(msgspec.Struct):
    model: str
    prompt: Any = None
    suffix: str | None = None
    echo: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | float | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    logprobs: int | bool | None = None


IGNORED = frozenset(
    {
        "audio",
        "best_of",
        "extra_body",
        "frequency_penalty",
        "logit_bias",
        "metadata",
        "min_p",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_retention",
        "repetition_penalty",
        "safety_identifier",
        "search_parameters",
        "seed",
        "service_tier",
        "store",
        "top_k",
        "user",
        "verbosity",
        "web_search_options",
    }
)
"""Known parameters that Grok has nothing for and that change nothing a client relies on."""
