"""What differs between the APIs that we speak around their answers: errors and headers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from grokdesk.domain.errors import GrokdeskError
from grokdesk.gateway.errors import Verdict, render_error
from grokdesk.gateway.rate_headers import rate_headers
from grokdesk.services.key_limits import Allowance

ErrorRenderer = Callable[[GrokdeskError, Verdict, str], bytes]
"""Error, verdict, request id: to the body of an answer."""

RateHeaders = Callable[[Allowance, float], dict[str, str]]
"""What a limited key has left, and the Unix time: to headers."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """`statuses` are those that this API has other numbers for, by our code or our number.

    `id_header` is one more header for the request id.
    """

    render_error: ErrorRenderer
    statuses: Mapping[int | str, int] = field(default_factory=dict)
    id_header: str = ""
    rate_headers: RateHeaders = rate_headers

    def status(self, verdict: Verdict) -> int:
        usual = self.statuses.get(verdict.status, verdict.status)
        return self.statuses.get(verdict.code, usual)


OPENAI = Dialect(render_error)
