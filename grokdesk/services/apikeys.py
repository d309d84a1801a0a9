"""API keys: made once, shown once, checked at every request, changed and ended at any time."""

import asyncio
import contextlib
import uuid
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Unpack

from grokdesk.domain.apikey import ApiKey, digest_of, generate_key, hint_of, looks_whole
from grokdesk.domain.errors import (
    GrokdeskError,
    InvalidRequestError,
    KeyEndedError,
    UnauthorizedError,
)
from grokdesk.domain.events import ApiKeyEnded, ApiKeysChanged
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.services.key_policy import KeyWishes, checked
from grokdesk.store.apikeys import ApiKeyStore

_SHORT_ID = 8
_LONGEST_WAIT_S = 60.0
"""The wall clock may be set while an expiry is waited for."""


class ApiKeyService:
    """Keeps all keys in memory by digest, so that checking one is a dict look-up."""

    def __init__(self, store: ApiKeyStore, bus: EventBus, clock: Clock) -> None:
        self.fresh: str | None = None
        """The text of the newest key made while this process runs, for Copy right after."""
        self._store = store
        self._bus = bus
        self._clock = clock
        self._by_digest: dict[str, ApiKey] = {}
        self._lent: dict[str, ApiKey] = {}
        self._expired: set[str] = set()
        """Ids of keys whose expiry was announced."""
        self._changed = asyncio.Event()
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        self._by_digest = {key.digest: key for key in await self._store.all()}
        now = self._clock.now()
        self._expired = {key.id for key in self._by_digest.values() if key.has_expired(now)}

    def authenticate(self, presented: str) -> ApiKey:
        """Raise UnauthorizedError; KeyEndedError for a key that worked once.

        Equal time for any text: only its digest is looked up.
        """
        digest = digest_of(presented)
        key = self._by_digest.get(digest) or self._lent.get(digest)
        if key is None:
            raise UnauthorizedError(_why_unknown(presented))
        self._check(key)
        return key

    def current(self, key: ApiKey) -> ApiKey:
        """The same key as its owner wants it by now. Raise KeyEndedError."""
        known = self._by_digest.get(key.digest) or self._lent.get(key.digest)
        if known is None:
            raise KeyEndedError(_revoked(key))
        self._check(known)
        return known

    async def create(
        self, name: str, *, here: bool = True, **wishes: Unpack[KeyWishes]
    ) -> tuple[ApiKey, str]:
        """The key and its text, which is never shown again. Raise InvalidRequestError.

        `here`: it is made for this program's own user, who may want to copy it in a moment.
        """
        now, text = self._clock.now(), generate_key()
        key = ApiKey(
            id=uuid.uuid4().hex,
            digest=digest_of(text),
            hint=hint_of(text),
            created_at=now,
            **checked({**wishes, "name": name}, now),
        )
        async with self._writing:
            self._check_name(key)
            await self._switch(None, key, self._store.insert(key))
        if here:
            self.fresh = text
        return key, text

    async def configure(
        self, id_or_name: str, *, name: str | None = None, **wishes: Unpack[KeyWishes]
    ) -> ApiKey:
        """Change what is given, in force at once.

        Raise InvalidRequestError, and change nothing, for a wish that cannot be.
        """
        wanted = wishes if name is None else {**wishes, "name": name}
        changes = checked(wanted, self._clock.now())
        async with self._writing:
            before = self.find(id_or_name)
            key = replace(before, **changes)
            self._check_name(key)
            if "expires_at" in changes:
                self._expired.discard(key.id)
            await self._switch(before, key, self._store.update(key))
        return key

    async def revoke(self, id_or_name: str) -> ApiKey:
        """In force at once. Raise InvalidRequestError for an unknown key."""
        async with self._writing:
            key = self.find(id_or_name)
            await self._switch(key, None, self._store.delete(key.id))
        if self.fresh is not None and digest_of(self.fresh) == key.digest:
            self.fresh = None
        return key

    def lend(self, name: str) -> str:
        """The text of a key that works until this process ends, and is stored nowhere."""
        text = generate_key()
        key = ApiKey(id=name, name=name, digest=digest_of(text), hint=hint_of(text), created_at=0.0)
        self._lent[key.digest] = key
        return text

    def list(self) -> tuple[ApiKey, ...]:
        return tuple(sorted(self._by_digest.values(), key=lambda key: key.created_at))

    def find(self, id_or_name: str) -> ApiKey:
        """By name, id or the beginning of one. Raise InvalidRequestError."""
        keys = self._by_digest.values()
        exact = [key for key in keys if id_or_name in (key.id, key.name)]
        if not exact and len(id_or_name) >= _SHORT_ID:
            exact = [key for key in keys if key.id.startswith(id_or_name)]
        if len(exact) == 1:
            return exact[0]
        raise InvalidRequestError(f"There is no key named '{id_or_name}'.", param="name")

    async def keep_expiring(self) -> None:
        """Announce each key that expires, when it does. Never returns; rests without such keys."""
        while True:
            self._changed.clear()
            wait_s = self._announce_expired(self._clock.now())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()

    def _announce_expired(self, now: float) -> float | None:
        """Seconds after which to look again; None: when a key has changed."""
        left_s: list[float] = []
        for key in self._by_digest.values():
            if key.expires_at is None or key.id in self._expired:
                continue
            if not key.has_expired(now):
                left_s.append(key.expires_at - now)
                continue
            self._expired.add(key.id)
            self._bus.publish(ApiKeyEnded(key.id, _expired(key)))
            self._bus.publish(ApiKeysChanged())
        return min(_LONGEST_WAIT_S, *left_s) if left_s else None

    async def _switch(
        self, before: ApiKey | None, after: ApiKey | None, saving: Coroutine[Any, Any, None]
    ) -> None:
        """In force before it is saved, and no longer when that fails."""
        self._put(before, after)
        try:
            await saving
        except GrokdeskError:
            self._put(after, before)
            raise

    def _put(self, before: ApiKey | None, after: ApiKey | None) -> None:
        if before is not None:
            del self._by_digest[before.digest]
        if after is not None:
            self._by_digest[after.digest] = after
        if before is not None and before.enabled and (after is None or not after.enabled):
            reason = _revoked(before) if after is None else _switched_off(after)
            self._bus.publish(ApiKeyEnded(before.id, reason))
        self._changed.set()
        self._bus.publish(ApiKeysChanged())

    def _check(self, key: ApiKey) -> None:
        if not key.enabled:
            raise KeyEndedError(_switched_off(key))
        if key.expires_at is not None and key.has_expired(self._clock.now()):
            raise KeyEndedError(_expired(key))

    def _check_name(self, wanted: ApiKey) -> None:
        for key in self._by_digest.values():
            if key.name.casefold() == wanted.name.casefold() and key.id != wanted.id:
                raise InvalidRequestError(
                    f"There is already a key named '{wanted.name}'.", param="name"
                )


# litellm (1.106) tells a wrong key from a wrong request by these words alone.
_WRONG = "Incorrect API key provided"


def _why_unknown(presented: str) -> str:
    if not presented:
        return "An API key is needed. Send it as 'Authorization: Bearer YOUR_KEY'."
    if presented.startswith("gd-") and not looks_whole(presented):
        return f"{_WRONG}: it is not whole, a part was lost or mistyped when it was copied."
    return f"{_WRONG}: it is not known to Grokdesk. Copy a key from the Overview page."


def _revoked(key: ApiKey) -> str:
    return f"The API key '{key.name}' was revoked."


def _switched_off(key: ApiKey) -> str:
    return f"The API key '{key.name}' is switched off."


def _expired(key: ApiKey) -> str:
    return f"The API key '{key.name}' has expired."
