"""Single values that all dialects have: within their bounds, or a 400 that names them."""

from grokdesk.domain.errors import InvalidRequestError

_STOPS = 64
_STOP_CHARS = 1000


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
