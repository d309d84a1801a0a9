"""What a client may send to /v1/responses; fields that nobody here knows are skipped unread."""

from typing import Any

import msgspec

from grokdesk.gateway.decode import JsonDecoder


class ResponseBody(msgspec.Struct):
    model: str
    input: Any = None
    instructions: Any = None
    stream: bool | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    prompt: Any = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    reasoning: dict[str, Any] | None = None
    text: dict[str, Any] | None = None
    max_output_tokens: int | float | None = None
    max_tool_calls: int | float | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    truncation: str | None = None
    metadata: dict[str, Any] | None = None
    include: list[str] | None = None
    prompt_cache_key: str | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    user: str | None = None


BODY = JsonDecoder(ResponseBody)

IGNORED = frozenset(
    {"max_tool_calls", "prompt_cache_key", "safety_identifier", "service_tier", "user"}
)
"""Parameters that are repeated in the answer, and that nothing is done about."""
