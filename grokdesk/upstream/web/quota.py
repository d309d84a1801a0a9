"""Reads what an account has left, from the three endpoints that tell it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from grokdesk.domain.account import Tier
from grokdesk.domain.errors import AccountBlockedError, TokenRejectedError, UpstreamError
from grokdesk.domain.probe import QuotaReading
from grokdesk.domain.quota import CHAT_MODES, Mode, QuotaWindow
from grokdesk.domain.tiers import TierTable
from grokdesk.kernel.clock import Clock
from grokdesk.upstream.web.transport import Response
from grokdesk.upstream.web.wire import facts, limits, payloads, refusals, weekly_credits

READING_TIMEOUT_S = 25.0
"""For each of the requests."""

_AT_ONCE = 4

Fetch: TypeAlias = Callable[[facts.Endpoint, bytes], Awaitable[Response]]
"""Sends a body as one account; raises UpstreamError when nothing comes back."""

Windows: TypeAlias = Mapping[Mode, QuotaWindow | None]
"""None: the account does not have the mode."""


@dataclass(frozen=True, slots=True)
class _Question:
    endpoint: facts.Endpoint
    body: bytes
    parse: Callable[[Response, float], Windows]
    about_chat: bool = True


class QuotaReader:
    """One request per chat mode, one for media, one for the weekly credits.

    What fails concerns its own windows alone, unless nothing at all can be read.
    """

    def __init__(self, fetch: Fetch, tiers: TierTable, clock: Clock) -> None:
        self._fetch = fetch
        self._tiers = tiers
        self._clock = clock

    async def read(self, known_tier: Tier | None) -> QuotaReading:
        """Raise UpstreamError when nothing could be read, or when the account is refused."""
        gate = asyncio.Semaphore(_AT_ONCE)
        answers = await asyncio.gather(
            *(self._answer(question, gate) for question in _QUESTIONS), return_exceptions=True
        )
        windows: dict[Mode, QuotaWindow | None] = {}
        failures: list[tuple[_Question, UpstreamError]] = []
        for question, answer in zip(_QUESTIONS, answers, strict=True):
            if isinstance(answer, UpstreamError):
                failures.append((question, answer))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                windows.update(answer)
        _raise_what_concerns_all(failures, anything_read=bool(windows))
        found = tuple(window for window in windows.values() if window is not None)
        absent = frozenset(mode for mode, window in windows.items() if window is None)
        return QuotaReading(found, absent, self._tier(found, failures, known_tier))

    async def _answer(self, question: _Question, gate: asyncio.Semaphore) -> Windows:
        async with gate:
            response = await self._fetch(question.endpoint, question.body)
        now = self._clock.now()
        if response.status != 200:
            raise refusals.classify(response.status, response.headers, response.body, now=now)
        return question.parse(response, now)

    def _tier(
        self,
        windows: Sequence[QuotaWindow],
        failures: Sequence[tuple[_Question, UpstreamError]],
        known: Tier | None,
    ) -> Tier | None:
        """A mode that could not be read is no reason to think less of an account.

        Working weekly credits prove that somebody pays, but not for which tier.
        """
        tier = self._tiers.infer(windows)
        incomplete = any(question.about_chat for question, _ in failures)
        if incomplete and tier is not None and known is not None and tier < known:
            return None
        return tier


def _raise_what_concerns_all(
    failures: Sequence[tuple[_Question, UpstreamError]], *, anything_read: bool
) -> None:
    """A dead token or a blocked account shows in the chat; the other endpoints may have reasons of
    their own, so they are not believed while the rest is answered."""
    for question, error in failures:
        is_refused = isinstance(error, TokenRejectedError | AccountBlockedError)
        if is_refused and (question.about_chat or not anything_read):
            raise error
    if failures and not anything_read:
        raise failures[0][1]


def _chat_window(mode: Mode, response: Response, now: float) -> Windows:
    return {mode: limits.parse_rate_limits(mode, response.body, now)}


def _media_windows(response: Response, now: float) -> Windows:
    return limits.parse_imagine_quota(response.body, now)


def _weekly_window(response: Response, now: float) -> Windows:
    status = response.headers.get("grpc-status", "")
    credits = weekly_credits.parse_weekly_credits(response.body, status)
    return {Mode.WEEKLY: None if credits is None else weekly_credits.window_of(credits, now)}


_QUESTIONS = (
    *(
        _Question(facts.RATE_LIMITS, payloads.rate_limits_body(mode), partial(_chat_window, mode))
        for mode in CHAT_MODES
    ),
    _Question(facts.WEEKLY_CREDITS, payloads.EMPTY_GRPC_BODY, _weekly_window, about_chat=False),
    _Question(facts.IMAGINE_QUOTA, payloads.IMAGINE_QUOTA_BODY, _media_windows, about_chat=False),
)
