"""The 256-bit master key of the sealed tokens: where it is looked for, and how it is made."""

import asyncio
import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grokdesk.domain.errors import VaultLockedError
from grokdesk.store.files import others_can_read, write_new
from grokdesk.store.os_keyring import OsKeyring

FILE_VARIABLE = "GROKDESK_MASTER_KEY_FILE"
FILE_NAME = "master.key"
CREDENTIAL_NAME = "grokdesk-master-key"
KEYRING_USER = "master-key"

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class MasterKey:
    """`origin` says where it is kept, for people."""

    secret: bytes = field(repr=False)
    origin: str
    in_file: bool = False
    """Whether it lies in a file of ours, beside what it seals."""

    @property
    def id(self) -> str:
        """Recognises the key and gives nothing of it away."""
        return hashlib.sha256(b"grokdesk master key\0" + self.secret).hexdigest()[:16]


class MasterKeys:
    """Every place a master key may come from: those that were named first, then our own."""

    def __init__(
        self, keyring: OsKeyring, data_dir: Path, environ: Mapping[str, str], *, allow_file: bool
    ) -> None:
        self._keyring = keyring
        self._file = data_dir / FILE_NAME
        self._allow_file = allow_file
        folder, named = environ.get("CREDENTIALS_DIRECTORY"), environ.get(FILE_VARIABLE)
        self._credential = Path(folder) / CREDENTIAL_NAME if folder else None
        self._named = Path(named) if named else None

    async def open(self, known_id: str, *, may_create: bool) -> MasterKey:
        """The key with `known_id` if there is one; VaultLockedError if none fits.

        `may_create` is for a database without sealed tokens: any key will do, or a new one.
        """
        found = await asyncio.to_thread(self._from_files)
        if (key := _choose(found, known_id, any_will_do=may_create)) is not None:
            return key
        locked: VaultLockedError | None = None
        try:
            found += await self._from_keyring()
        except VaultLockedError as error:
            locked = error
        if (key := _choose(found, known_id, any_will_do=may_create or not known_id)) is not None:
            return key
        if may_create:
            return await self._create()
        raise locked or VaultLockedError(_missing(found))

    def _from_files(self) -> list[MasterKey]:
        """Those that someone named come first."""
        keys = (
            _read_credential(self._credential),
            read_key_file(self._named),
            read_key_file(self._file),
        )
        return [key for key in keys if key is not None]

    async def _from_keyring(self) -> list[MasterKey]:
        text = await self._keyring.get(KEYRING_USER)
        return [] if text is None else [_in_keyring(_parse(text.encode(), "the OS keyring"))]

    async def _create(self) -> MasterKey:
        secret = secrets.token_bytes(_KEY_BYTES)
        if self._named is not None:
            return await asyncio.to_thread(create_key_file, self._named, secret)
        try:
            await self._keyring.put(KEYRING_USER, base64.b64encode(secret).decode())
        except VaultLockedError:
            if not self._allow_file:
                raise
            return await asyncio.to_thread(create_key_file, self._file, secret)
        return _in_keyring(secret)


def _choose(found: list[MasterKey], known_id: str, *, any_will_do: bool) -> MasterKey | None:
    for key in found:
        if key.id == known_id:
            return key
    return found[0] if found and any_will_do else None


def read_key_file(path: Path | None) -> MasterKey | None:
    """None if there is no such file; VaultLockedError if others can read it or it is no key."""
    if path is None or not path.exists():
        return None
    if others_can_read(path):
        raise VaultLockedError(
            f"Others can read the master key in '{path}'; run: chmod 600 '{path}'"
        )
    return MasterKey(_parse(path.read_bytes(), f"the file '{path}'"), f"the file '{path}'", True)


def create_key_file(path: Path, secret: bytes) -> MasterKey:
    """If another process was faster, its key is the key."""
    try:
        write_new(path, base64.b64encode(secret) + b"\n")
    except FileExistsError:
        existing = read_key_file(path)
        if existing is not None:
            return existing
        raise
    return MasterKey(secret, f"the file '{path}'", True)


def _read_credential(path: Path | None) -> MasterKey | None:
    """systemd itself sees to it that nobody else can read its credentials."""
    if path is None or not path.exists():
        return None
    return MasterKey(_parse(path.read_bytes(), f"'{path}'"), "the systemd credential")


def _in_keyring(secret: bytes) -> MasterKey:
    return MasterKey(secret, "the OS keyring")


def _parse(data: bytes, where: str) -> bytes:
    """32 bytes as they are, in base64 or in hex."""
    if len(data) == _KEY_BYTES:
        return data
    text = data.strip()
    for decode in (base64.b64decode, binascii.unhexlify):
        try:
            secret = decode(text)
        except ValueError:
            continue
        if len(secret) == _KEY_BYTES:
            return secret
    raise VaultLockedError(
        f"In {where} there should be a master key: 32 random bytes in base64, "
        "as made by: openssl rand -base64 32"
    )


def _missing(found: list[MasterKey]) -> str:
    if not found:
        return "The master key of the sealed tokens is missing."
    places = " and ".join(key.origin for key in found)
    return f"The tokens were sealed with another master key than the one from {places}."
