"""Single values that all dialects have: within their bounds, or a 400 that names them."""

from grokdesk.domain.errors import InvalidRequestError

_STOPS = 64
_STOP_CHARS = 1000
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def within(value: float | None, highest: float, param: str) -> float | None:
    if value is not None and not 0 <= value <= highest:
        raise InvalidRequestError(f"This must be from 0 to {highest}.", param=param)
    return value


def stop_texts(value: str | list[str] | None, param: str) -> tuple[str, ...]:
    """Each once, without empty ones."""
    if not value:
        return ()
    texts = tuple(dict.fromkeys([value] if isinstance(value, str) else value))
    if len(texts) > _STOPS or any(len(text) > _STOP_CHARS for text in texts):
        raise InvalidRequestError(
            f"At most {_STOPS} stop texts of {_STOP_CHARS} characters.", param=param
        )
    return tuple(text for text in texts if text)


def whole_number(value: float | None, param: str) -> int | None:
    """From 1 up; some clients send it with a decimal point."""
    if value is None:
        return None
    if value < 1 or value != int(value):
        raise InvalidRequestError("This must be a whole number from 1 up.", param=param)
    return int(value)


def effort(value: str | None, param: str) -> str | None:
    """How long to think, in OpenAI's words."""
    if value and value not in _EFFORTS:
        raise InvalidRequestError(f"This must be one of {', '.join(_EFFORTS)}.", param=param)
    return value or None


def unsupported(param: str, message: str) -> InvalidRequestError:
    """For what a client knows and Grok cannot do."""
    return InvalidRequestError(message, param=param, code="unsupported_parameter")
