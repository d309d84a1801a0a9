"""API keys: one function for every way to send one and for every route."""

from aiohttp import web
from multidict import CIMultiDictProxy, istr

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.errors import InvalidRequestError, KeyEndedError, UnauthorizedError
from grokdesk.gateway.errors import TOO_MANY_ATTEMPTS, HttpError
from grokdesk.kernel.clock import Clock
from grokdesk.services.apikeys import ApiKeyService

_KEY_CHARS = 512
_WINDOW_S = 60.0
_FAILURES = 10
_PEERS = 1000
_AUTHORIZATION = istr("Authorization")
_KEY_HEADERS = (istr("x-api-key"), istr("api-key"))
_QUERY_NAMES = ("api_key", "api-key", "apikey", "key", "access_token", "token")


class Authenticator:
    """Turns what a client presents into an ApiKey."""

    def __init__(self, keys: ApiKeyService, clock: Clock) -> None:
        self._keys = keys
        self._failures = _Failures(clock)

    def check(self, request: web.BaseRequest) -> ApiKey:
        """Raise UnauthorizedError, or HttpError for a peer that guesses.

        A valid key always works, however many wrong ones came from the same peer.
        """
        presented = _presented(request)
        try:
            return self._keys.authenticate(presented)
        except KeyEndedError:
            raise  # who has it need not guess
        except UnauthorizedError:
            self._failures.count(request.remote or "")
            raise


def presents_key(request: web.BaseRequest) -> bool:
    """Whether there is anything that could be a key."""
    return any(name in request.headers for name in (_AUTHORIZATION, *_KEY_HEADERS))


def _presented(request: web.BaseRequest) -> str:
    headers = request.headers
    keys = {_bearer(value) for value in headers.getall(_AUTHORIZATION, ())}
    for name in _KEY_HEADERS:
        if name in headers:
            keys.update(value.strip() for value in headers.getall(name))
    keys.discard("")
    if len(keys) > 1:
        raise InvalidRequestError(
            "The request carries different API keys. Send one.", code="conflicting_api_keys"
        )
    if not keys:
        raise UnauthorizedError(_why_missing(request, headers))
    key = keys.pop()
    if len(key) > _KEY_CHARS:
        raise UnauthorizedError("This is not an API key of Grokdesk.")
    return key


def _bearer(value: str) -> str:
    scheme, _, key = value.strip().partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _why_missing(request: web.BaseRequest, headers: CIMultiDictProxy[str]) -> str:
    if any(name in request.query for name in _QUERY_NAMES):
        return (
            "API keys are not taken from the address, where they end up in logs. "
            "Send the key as 'Authorization: Bearer YOUR_KEY'."
        )
    if headers.get(_AUTHORIZATION, "").strip():
        return "The Authorization header must read 'Bearer YOUR_KEY'."
    return "An API key is needed. Send it as 'Authorization: Bearer YOUR_KEY'."


class _Failures:
    """Counts wrong keys per peer and minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._peers: dict[str, tuple[float, int]] = {}

    def count(self, peer: str) -> None:
        """Raise HttpError for more than ten within a minute."""
        now = self._clock.monotonic()
        since, failures = self._peers.get(peer, (now, 0))
        if now - since >= _WINDOW_S:
            since, failures = now, 0
        if len(self._peers) >= _PEERS:
            self._peers.clear()
        self._peers[peer] = since, failures + 1
        if failures >= _FAILURES:
            raise HttpError(
                TOO_MANY_ATTEMPTS,
                "Too many requests with a wrong API key. Wait a minute.",
                retry_after=since + _WINDOW_S - now,
            ) from None
