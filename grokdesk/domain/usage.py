"""What one request cost: counts and times, never content."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Estimates: upstream reports no counts (protocol 4.11)."""

    prompt: int
    completion: int
    reasoning: int = 0

    @property
    def total(self) -> int:
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One finished request. Times in seconds; `started_at` is Unix time."""

    request_id: str
    started_at: float
    route: str
    model: str
    key_id: str
    account_id: str
    outcome: str
    """`ok`, `cancelled`, or the name of the error class."""
    first_chunk_s: float | None
    total_s: float
    tokens: TokenCount
    attempts: int
    streamed: bool


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """Totals of a period; `median_first_chunk_s` is None without a successful request."""

    requests: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    median_first_chunk_s: float | None = None


@dataclass(frozen=True, slots=True)
class KeyUsage:
    """What an API key was used for since midnight and within 30 days. `last_used_at`: Unix time."""

    requests_today: int = 0
    tokens_today: int = 0
    requests_month: int = 0
    tokens_month: int = 0
    last_used_at: float | None = None
