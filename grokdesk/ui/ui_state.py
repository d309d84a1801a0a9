"""What the windows remember between starts: one small JSON file, never a setting or a secret."""

import base64
import binascii
import json
import logging
import os
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

_LARGEST = 64 * 1024


class UiState:
    """Values by name. A damaged or missing file is an empty one; a failed write is only logged.

    The file has a few hundred bytes and changes on a click or at the end: no thread is worth it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = _read(path)

    def flag(self, name: str) -> bool:
        return self._values.get(name) is True

    def text(self, name: str, default: str = "") -> str:
        value = self._values.get(name)
        return value if isinstance(value, str) else default

    def blob(self, name: str) -> bytes | None:
        try:
            return base64.b64decode(self.text(name), validate=True) or None
        except (binascii.Error, ValueError):
            return None

    def set(self, name: str, value: bool | str | bytes) -> None:
        plain = base64.b64encode(value).decode() if isinstance(value, bytes) else value
        if self._values.get(name) != plain:
            self._values[name] = plain
            self._write()

    def _write(self) -> None:
        beside = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(self._values, file, indent=1)
            beside.replace(self._path)
        except OSError as error:
            _log.warning("the window state could not be saved: %s", error)


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = path.read_bytes()[:_LARGEST]
        values = json.loads(raw)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
