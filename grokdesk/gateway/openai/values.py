"""Single values that only OpenAI's APIs have: within their bounds, or a 400 that names them."""

from grokdesk.domain.errors import InvalidRequestError

UNSUPPORTED = "unsupported_parameter"
MOST_CHOICES = 8
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def unsupported(param: str, message: str) -> InvalidRequestError:
    return InvalidRequestError(message, param=param, code=UNSUPPORTED)


def whole_number(value: float | None, param: str) -> int | None:
    """From 1 up; some clients send it with a decimal point."""
    if value is None:
        return None
    if value < 1 or value != int(value):
        raise InvalidRequestError("This must be a whole number from 1 up.", param=param)
    return int(value)


def choices(value: int | None, param: str = "n") -> int:
    if value is None:
        return 1
    if value > MOST_CHOICES:
        raise unsupported(param, f"At most {MOST_CHOICES} choices can be made per request.")
    if value < 1:
        raise InvalidRequestError(f"This must be from 1 to {MOST_CHOICES}.", param=param)
    return value


def effort(value: str | None, param: str) -> str | None:
    if value and value not in _EFFORTS:
        raise InvalidRequestError(f"This must be one of {', '.join(_EFFORTS)}.", param=param)
    return value or None
