"""How a call may end, and what that has to do: the table of the requirements, and one of each."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from grokdesk.domain.errors import (
    AccountBlockedError,
    AntiBotError,
    ChallengedError,
    ContentRefusedError,
    ForbiddenError,
    IncompleteReplyError,
    InvalidRequestError,
    LocalNetworkError,
    ProtocolChangedError,
    RateLimitedError,
    RequestTooLargeError,
    SocketUnknownError,
    TokenRejectedError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
    VaultLockedError,
)

OnQuota: TypeAlias = Literal["spent", "refunded", "zero"]
OnAccount: TypeAlias = Literal["-", "well", "cooled", "expired", "blocked", "sealed"]


@dataclass(frozen=True)
class Ending:
    quota: OnQuota
    account: OnAccount


ENDINGS: Mapping[type, Ending] = {
    type(None): Ending("spent", "well"),
    RateLimitedError: Ending("zero", "-"),
    TokenRejectedError: Ending("refunded", "expired"),
    AccountBlockedError: Ending("refunded", "blocked"),
    ChallengedError: Ending("refunded", "-"),
    AntiBotError: Ending("refunded", "-"),
    ForbiddenError: Ending("refunded", "cooled"),
    ContentRefusedError: Ending("spent", "-"),
    RequestTooLargeError: Ending("refunded", "-"),
    UpstreamUnavailableError: Ending("refunded", "cooled"),
    UpstreamTimeoutError: Ending("refunded", "cooled"),
    IncompleteReplyError: Ending("refunded", "cooled"),
    SocketUnknownError: Ending("refunded", "-"),
    LocalNetworkError: Ending("refunded", "-"),
    ProtocolChangedError: Ending("refunded", "-"),
    UpstreamError: Ending("refunded", "-"),
    VaultLockedError: Ending("refunded", "sealed"),
    InvalidRequestError: Ending("refunded", "-"),
    asyncio.CancelledError: Ending("spent", "-"),
    ZeroDivisionError: Ending("spent", "-"),  # a bug of ours
    KeyboardInterrupt: Ending("spent", "-"),
    GeneratorExit: Ending("spent", "-"),
}

_BARE = (asyncio.CancelledError, ZeroDivisionError, KeyboardInterrupt, GeneratorExit)


def make(kind: type[BaseException] | None, retry_after: float | None) -> BaseException | None:
    if kind is None or kind in _BARE:
        return kind and kind()
    if issubclass(kind, UpstreamError):
        return kind("It failed.", status=503, excerpt="a body", retry_after=retry_after)
    return kind("It failed.")


def every_upstream_error(base: type[UpstreamError] = UpstreamError) -> list[type[UpstreamError]]:
    """All classes there are, also those that were added since."""
    kinds = [kind for kind in base.__subclasses__() if kind.__module__ == base.__module__]
    return [base, *(each for kind in kinds for each in every_upstream_error(kind))]
