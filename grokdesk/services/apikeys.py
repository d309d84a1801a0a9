"""API keys: made once, shown once, checked at every request."""

import uuid

from grokdesk.domain.apikey import ApiKey, digest_of, generate_key, hint_of, looks_whole
from grokdesk.domain.errors import InvalidRequestError, UnauthorizedError
from grokdesk.domain.events import ApiKeysChanged
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock
from grokdesk.store.apikeys import ApiKeyStore

_NAME_CHARS = 60


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

    async def load(self) -> None:
        self._by_digest = {key.digest: key for key in await self._store.all()}

    def authenticate(self, presented: str) -> ApiKey:
        """Raise UnauthorizedError. Equal time for any text: only its digest is looked up."""
        digest = digest_of(presented)
        key = self._by_digest.get(digest) or self._lent.get(digest)
        if key is None:
            raise UnauthorizedError(_why_unknown(presented))
        if not key.enabled:
            raise UnauthorizedError(f"The API key '{key.name}' is switched off.")
        return key

    async def create(self, name: str, *, here: bool = True) -> tuple[ApiKey, str]:
        """The key and its text, which is never shown again. Raise InvalidRequestError.

        `here`: it is made for this program's own user, who may want to copy it in a moment.
        """
        name = name.strip()
        if not name or len(name) > _NAME_CHARS or not name.isprintable():
            raise InvalidRequestError(
                f"A key needs a name of 1 to {_NAME_CHARS} printable characters.", param="name"
            )
        if any(key.name.casefold() == name.casefold() for key in self._by_digest.values()):
            raise InvalidRequestError(f"There is already a key named '{name}'.", param="name")
        text = generate_key()
        key = ApiKey(
            id=uuid.uuid4().hex,
            name=name,
            digest=digest_of(text),
            hint=hint_of(text),
            created_at=self._clock.now(),
        )
        await self._store.insert(key)
        self._by_digest[key.digest] = key
        if here:
            self.fresh = text
        self._bus.publish(ApiKeysChanged())
        return key, text

    def lend(self, name: str) -> str:
        """The text of a key that works until this process ends, and is stored nowhere."""
        text = generate_key()
        key = ApiKey(id=name, name=name, digest=digest_of(text), hint=hint_of(text), created_at=0.0)
        self._lent[key.digest] = key
        return text

    def list(self) -> tuple[ApiKey, ...]:
        return tuple(sorted(self._by_digest.values(), key=lambda key: key.created_at))

    async def revoke(self, id_or_name: str) -> ApiKey:
        """In force when this returns. Raise InvalidRequestError for an unknown key."""
        for key in self._by_digest.values():
            if id_or_name in (key.id, key.name):
                await self._store.delete(key.id)
                self._by_digest.pop(key.digest, None)
                if self.fresh is not None and digest_of(self.fresh) == key.digest:
                    self.fresh = None
                self._bus.publish(ApiKeysChanged())
                return key
        raise InvalidRequestError(f"There is no key named '{id_or_name}'.", param="name")


def _why_unknown(presented: str) -> str:
    if not presented:
        return "An API key is needed. Send it as 'Authorization: Bearer YOUR_KEY'."
    if presented.startswith("gd-") and not looks_whole(presented):
        return "The API key is not whole: a part was lost or mistyped when it was copied."
    return "The API key is not known to Grokdesk. Copy a key from the Overview page."
