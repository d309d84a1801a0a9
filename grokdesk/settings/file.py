"""settings.toml on the disk: a broken one is kept aside, and the last good one is remembered."""

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grokdesk.domain.errors import SettingsError
from grokdesk.kernel.files import write_atomically
from grokdesk.settings.codec import Decoded, decode, encode
from grokdesk.settings.declaration import Value

_LARGEST = 1_000_000

Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the file says now. `rejected` holds the keys whose value cannot be used."""

    values: Mapping[str, Value]
    notices: tuple[str, ...] = ()
    rejected: frozenset[str] = frozenset()


class SettingsFile:
    """All methods block; one at a time, on any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last_good_path = path.with_name(f"{path.name}.last-good")
        self._digest = b""
        self._text = ""

    def open(self) -> Reading:
        """At start. Never fails: a broken file gives the last good values and a notice."""
        try:
            data = self._data()
        except OSError as error:
            return Reading({}, (f"{self._path} cannot be read ({error.strerror}); it is ignored.",))
        try:
            return self._take(data)
        except SettingsError as error:
            return self._from_last_good(data, error)

    def reread(self) -> Reading | None:
        """None: the content is what it was. SettingsError or OSError when it cannot be read."""
        data = self._data()
        if _digest(data) == self._digest:
            return None
        try:
            return self._take(data)
        finally:
            self._digest = _digest(data)

    def save(self, changes: Mapping[str, Value | None]) -> Reading:
        """Change some keys, None removes one. OSError when the disk does not take it.

        A broken file is replaced by the last good one with the changes; a copy of it is kept.
        """
        data = self._data()
        try:
            base = _text(data)
            decode(base)
        except SettingsError:
            self._keep_aside()
            base = self._text
        fresh = encode(base, changes).encode()
        write_atomically(self._path, fresh)
        return self._take(fresh)

    def signature(self) -> Signature | None:
        """Differs after an edit; None: there is no file that could be read."""
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size, facts.st_ino

    def _data(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                return file.read(_LARGEST + 1)
        except FileNotFoundError:
            return b""

    def _take(self, data: bytes) -> Reading:
        text = _text(data)
        decoded = decode(text)
        self._text, self._digest = text, _digest(data)
        self._remember_good(data)
        return _reading(decoded)

    def _from_last_good(self, data: bytes, error: SettingsError) -> Reading:
        self._digest = _digest(data)
        copy = self._keep_aside()
        kept = f" A copy is kept as {copy.name}." if copy else ""
        notice = f"{self._path} is broken: {error}.{kept}"
        try:
            self._text = _text(self._last_good_path.read_bytes())
            good = _reading(decode(self._text))
        except (OSError, SettingsError):
            self._text = ""
            return Reading({}, (f"{notice} The defaults are in force.",))
        sentence = f"{notice} The settings of its last good state are in force."
        return Reading(good.values, (sentence, *good.notices), good.rejected)

    def _keep_aside(self) -> Path | None:
        """Named by the time of the edit, so that a second start does not make a second copy."""
        with contextlib.suppress(OSError, ValueError):  # ValueError: a time beyond the year 9999
            edited = datetime.fromtimestamp(self._path.stat().st_mtime, UTC)
            stamp = f"{edited:%Y%m%dT%H%M%S}{edited.microsecond // 1000:03}Z"
            copy = self._path.with_name(f"{self._path.name}.bad-{stamp}")
            if not copy.exists():
                write_atomically(copy, self._path.read_bytes())
            return copy
        return None

    def _remember_good(self, data: bytes) -> None:
        """As good as the disk allows: settings work without it."""
        with contextlib.suppress(OSError):
            path = self._last_good_path
            if data and (not path.exists() or path.read_bytes() != data):
                write_atomically(path, data)


def _text(data: bytes) -> str:
    if len(data) > _LARGEST:
        raise SettingsError("", f"it is larger than {_LARGEST // 1_000_000} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError("", f"the byte {error.start + 1} is not UTF-8") from None


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _reading(decoded: Decoded) -> Reading:
    return Reading(
        decoded.values,
        tuple(
            f"settings.toml: {str(problem).rstrip('.')}. It is ignored."
            for problem in decoded.problems
        ),
        frozenset(problem.key for problem in decoded.problems),
    )
