"""Who asks, and how a complete reply came about."""

from dataclasses import dataclass

from grokdesk.domain.chat import FinishReason
from grokdesk.domain.usage import TokenCount


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, and by which way."""

    request_id: str
    route: str
    key_id: str = ""
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class ChatResult:
    """How a complete reply came about. Times in seconds.

    `stop_text` is the one of the request's stop texts that ended it.
    """

    reason: FinishReason
    tokens: TokenCount
    model: str
    account_id: str
    account_label: str
    attempts: int
    first_chunk_s: float | None
    total_s: float
    stop_text: str = ""
