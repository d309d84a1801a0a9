"""What a client asks for and the chunks that come back, in no dialect's words."""

import enum
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from grokdesk.domain.attachment import Attachment
from grokdesk.domain.tools import ToolCall, ToolUse


class Role(enum.StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `call_id` and `name` tell the tool call that a TOOL message answers."""

    role: Role
    text: str
    name: str = ""
    call_id: str = ""
    calls: tuple[ToolCall, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """The answer must be a JSON object; with a schema, one that conforms to it."""

    schema: Mapping[str, Any] | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A chat call. Limits and sampling values are None when the client left them out.

    `max_tokens` limits the visible answer, by our estimate of tokens. `deepsearch` is upstream's
    preset (`default` or `deeper`), or empty.
    """

    model: str
    messages: tuple[Message, ...]
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: str | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    tools: ToolUse | None = None
    answer_format: AnswerFormat | None = None
    deepsearch: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What goes upstream: turns of text alone, and the ids of files that are there already."""

    messages: tuple[Message, ...]
    temperature: float | None = None
    top_p: float | None = None
    reasoning_effort: str | None = None
    deepsearch: str = ""
    file_ids: tuple[str, ...] = ()


class FinishReason(enum.StrEnum):
    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the thinking that precedes the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A source cited at the current text position, where its marker ends."""

    number: int
    url: str
    title: str = ""

    @property
    def marker(self) -> str:
        """As it stands in the text."""
        return f"[[{self.number}]]({self.url})"


@dataclass(frozen=True, slots=True)
class SearchSource:
    """A page or post that upstream read, cited or not."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class ToolActivity:
    """Upstream runs one of its own tools; `detail` is the argument worth showing."""

    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ImageProgress:
    """A picture is being drawn; percent 0-100."""

    image_id: str
    percent: int


@dataclass(frozen=True, slots=True)
class Image:
    """A finished picture at an upstream address; needs the account's cookies to fetch."""

    image_id: str
    url: str


@dataclass(frozen=True, slots=True)
class ConversationRef:
    """Where upstream keeps the turn; empty strings are unknown."""

    conversation_id: str = ""
    response_id: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """The last chunk of a complete reply."""

    reason: FinishReason = FinishReason.STOP


Chunk: TypeAlias = (
    TextDelta
    | ReasoningDelta
    | ToolCall
    | Citation
    | SearchSource
    | ToolActivity
    | ImageProgress
    | Image
    | ConversationRef
    | Finish
)

Emit: TypeAlias = Callable[[Chunk], Awaitable[None]]
"""Hand a chunk onward; awaiting it is the backpressure."""

ANSWER_CHUNKS = (TextDelta, ReasoningDelta, ToolCall, Citation, Image)
"""Once one of these went to the client, the call is never retried."""
