"""What a limited key has left, in Anthropic's headers as well."""

from grokdesk.gateway import rate_headers as usual
from grokdesk.gateway.times import iso_time
from grokdesk.services.key_limits import Allowance


def rate_headers(allowance: Allowance, now: float) -> dict[str, str]:
    """`now` is Unix time: Anthropic tells the moment where OpenAI tells how long."""
    return usual.rate_headers(allowance, now) | {
        "anthropic-ratelimit-requests-limit": str(allowance.limit),
        "anthropic-ratelimit-requests-remaining": str(allowance.remaining),
        "anthropic-ratelimit-requests-reset": iso_time(now + allowance.reset_s),
    }
