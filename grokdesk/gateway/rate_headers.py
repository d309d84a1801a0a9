"""What a limited key has left, in OpenAI's headers and form."""

from grokdesk.services.key_limits import Allowance, duration


def rate_headers(allowance: Allowance, _now: float) -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": str(allowance.limit),
        "x-ratelimit-remaining-requests": str(allowance.remaining),
        "x-ratelimit-reset-requests": duration(allowance.reset_s),
    }
