"""How many answers a request of OpenAI's older APIs may ask for."""

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.values import unsupported

MOST_CHOICES = 8


def choices(value: int | None, param: str = "n") -> int:
    if value is None:
        return 1
    if value > MOST_CHOICES:
        raise unsupported(param, f"At most {MOST_CHOICES} choices can be made per request.")
    if value < 1:
        raise InvalidRequestError(f"This must be from 1 to {MOST_CHOICES}.", param=param)
    return value
