"""The latest requests since the window was made, newest first: for a short list and a curve."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grokdesk.domain.usage import UsageRow
from grokdesk.ui import text

_KEPT = 60

_OUTCOMES = {"ok": "Answered", "cancelled": "Stopped"}


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request in words; `tone` is a field of Tokens."""

    when: str
    model: str
    account: str
    first_token: str
    total: str
    outcome: str
    tone: str


class LatestRequests:
    def __init__(self) -> None:
        self._rows: deque[UsageRow] = deque(maxlen=_KEPT)

    def add(self, rows: Iterable[UsageRow]) -> None:
        self._rows.extendleft(rows)

    def latencies(self) -> tuple[float, ...]:
        """Seconds to the first token, oldest first."""
        known = (row.first_chunk_s for row in reversed(self._rows))
        return tuple(seconds for seconds in known if seconds is not None)

    def account_ids(self, most: int) -> set[str]:
        return {row.account_id for row in list(self._rows)[:most] if row.account_id}

    def lines(self, most: int, labels: Mapping[str, str], now: float) -> tuple[RequestLine, ...]:
        """`labels` names accounts by id."""
        return tuple(
            _line(row, labels.get(row.account_id, ""), now) for row in list(self._rows)[:most]
        )


def _line(row: UsageRow, label: str, now: float) -> RequestLine:
    first = row.first_chunk_s
    return RequestLine(
        when=text.ago(now - row.started_at),
        model=text.one_line(row.model, 60),
        account=text.account_name(label) if label else "—",
        first_token=text.latency(first) if first is not None else "—",
        total=text.latency(row.total_s),
        outcome=_OUTCOMES.get(row.outcome, _in_words(row.outcome)),
        tone={"ok": "ok", "cancelled": "muted"}.get(row.outcome, "bad"),
    )


def _in_words(error_class: str) -> str:
    """`RateLimitedError` as `Rate limited`."""
    name = error_class.removesuffix("Error")
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.strip().capitalize()
