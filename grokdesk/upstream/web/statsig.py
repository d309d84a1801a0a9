"""Who says which `x-statsig-id` a request carries: nobody, or a value that the user pasted.

The site signs each request with it. Grokdesk contains no signer; another provider is one function.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.upstream.web.wire.facts import Endpoint

_SIGNED = "/rest/"
"""Neither sockets nor uploads nor gRPC carry one."""
_HEADER_NAME = re.compile(r"(?i)^\s*x-statsig-id\s*:\s*")
_VALUE = re.compile(r"[A-Za-z0-9+/_=-]{8,1000}")

StatsigProvider: TypeAlias = Callable[[Endpoint], str]
"""Empty: the request goes without."""


def no_statsig(_endpoint: Endpoint) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class PastedStatsig:
    """The same value for each request; the site may tie it to one kind of request and to time."""

    value: str = field(repr=False)

    def __call__(self, endpoint: Endpoint) -> str:
        return self.value if endpoint.path.startswith(_SIGNED) else ""


def pasted_statsig(text: str) -> str:
    """What a person copied, the header's name included or not. Raise InvalidRequestError."""
    value = _HEADER_NAME.sub("", text).strip()
    if not _VALUE.fullmatch(value):
        raise InvalidRequestError(
            "This is no x-statsig-id: it is one word of letters, digits, +, / and =. Copy the "
            "value of that header of a request to grok.com.",
            param="statsig",
        )
    return value
