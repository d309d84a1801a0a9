"""The forms of our answers, for the OpenAPI document alone: renderers write bytes, not these."""

from typing import Any, Literal

import msgspec

Anything = dict[str, Any]
OpenApiDocument = dict[str, Any]


class Root(msgspec.Struct):
    name: str
    status: Literal["ok"]


class Accounts(msgspec.Struct):
    total: int
    ready: int


class Health(msgspec.Struct):
    status: Literal["ok"]
    version: str
    mode: Literal["demo", "live"]
    state: str
    accounts: Accounts


class OpenAIProblem(msgspec.Struct):
    message: str
    type: str
    param: str | None
    code: str | None
    request_id: str


class OpenAIError(msgspec.Struct):
    error: OpenAIProblem


class AnthropicProblem(msgspec.Struct):
    type: str
    message: str


class AnthropicError(msgspec.Struct):
    type: Literal["error"]
    error: AnthropicProblem
    request_id: str


class OllamaError(msgspec.Struct):
    error: str


class Model(msgspec.Struct):
    """The fields after `owned_by` are ours."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    name: str
    available: bool
    context_window: int
    max_output_tokens: int
    supports_tools: bool
    supports_vision: bool
    supports_reasoning: bool


class ModelList(msgspec.Struct):
    """`models` is for programs that send `client_version`."""

    object: Literal["list"]
    data: list[Model]
    models: list[dict[str, Any]] | None = None


class AnthropicModel(msgspec.Struct):
    type: Literal["model"]
    id: str
    display_name: str
    created_at: str


class ModelPage(msgspec.Struct):
    data: list[AnthropicModel]
    has_more: bool
    first_id: str | None
    last_id: str | None


class Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    completion_tokens_details: dict[str, Any]


class ChatMessage(msgspec.Struct):
    role: Literal["assistant"]
    content: str | None
    reasoning_content: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    function_call: dict[str, Any] | None = None
    annotations: list[dict[str, Any]] | None = None


class ChatChoice(msgspec.Struct):
    index: int
    message: ChatMessage
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter", "function_call"]


class ChatCompletion(msgspec.Struct):
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Usage


class TextChoice(msgspec.Struct):
    index: int
    text: str
    finish_reason: Literal["stop", "length", "content_filter"]


class TextCompletion(msgspec.Struct):
    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[TextChoice]
    usage: Usage


class Response(msgspec.Struct):
    id: str
    object: Literal["response"]
    status: Literal["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]
    model: str
    output: list[dict[str, Any]]
    error: dict[str, Any] | None
    incomplete_details: dict[str, Any] | None
    usage: dict[str, Any] | None


class DeletedResponse(msgspec.Struct):
    id: str
    deleted: Literal[True]


class ItemList(msgspec.Struct):
    object: Literal["list"]
    data: list[dict[str, Any]]
    has_more: bool


class AnthropicUsage(msgspec.Struct):
    input_tokens: int
    output_tokens: int


class AnthropicMessage(msgspec.Struct):
    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[dict[str, Any]]
    stop_reason: str | None
    stop_sequence: str | None
    usage: AnthropicUsage


class TokenCount(msgspec.Struct):
    input_tokens: int


class OllamaVersion(msgspec.Struct):
    version: str


class OllamaModels(msgspec.Struct):
    models: list[dict[str, Any]]


class OllamaModel(msgspec.Struct):
    details: dict[str, Any]
    model_info: dict[str, Any]
    capabilities: list[str]
    modified_at: str


class OllamaChat(msgspec.Struct):
    model: str
    created_at: str
    message: dict[str, Any]
    done: Literal[True]


class OllamaText(msgspec.Struct):
    model: str
    created_at: str
    response: str
    done: Literal[True]
