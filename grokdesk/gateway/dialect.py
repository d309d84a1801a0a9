"""What differs between the APIs that we speak where a request fails."""

from collections.abc import Callable
from dataclasses import dataclass, field

from grokdesk.domain.errors import GrokdeskError
from grokdesk.gateway.errors import Verdict, render_error

ErrorRenderer = Callable[[GrokdeskError, Verdict, str], bytes]
"""Error, verdict, request id: to the body of an answer."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """`statuses` are those that this API has other numbers for."""

    render_error: ErrorRenderer
    statuses: dict[int, int] = field(default_factory=dict)

    def status(self, verdict: Verdict) -> int:
        return self.statuses.get(verdict.status, verdict.status)


OPENAI = Dialect(render_error)
