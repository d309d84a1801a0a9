"""Where imported text comes from: pasted, dropped or read from a file, refused in words."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from grokdesk.domain.errors import InvalidRequestError

ENDINGS = (".txt", ".json", ".jsonl", ".csv")
LARGEST_BYTES = 50_000_000
_KINDS = "a .txt, .json, .jsonl or .csv file"


@dataclass(frozen=True, slots=True)
class ImportText:
    """`name` is empty for pasted text."""

    text: str
    name: str = ""


async def read_file(path: Path) -> ImportText:
    """Raise InvalidRequestError, in words, for anything that cannot be tokens as text."""
    if path.suffix.lower() not in ENDINGS:
        raise InvalidRequestError(f"“{path.name}” is not {_KINDS}.")
    try:
        raw = await asyncio.to_thread(_read, path)
    except OSError as error:
        reason = error.strerror or "it is not readable"
        raise InvalidRequestError(f"“{path.name}” could not be read: {reason}.") from error
    if len(raw) > LARGEST_BYTES:
        raise InvalidRequestError(f"“{path.name}” is larger than 50 MB.")
    return ImportText(_decoded(raw, path.name), path.name)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES + 1)


def _decoded(raw: bytes, name: str) -> str:
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise InvalidRequestError(f"“{name}” is not a text file.") from None
    if "\0" in text:
        raise InvalidRequestError(f"“{name}” is not a text file.")
    return text
