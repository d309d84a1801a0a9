"""Which of the kinds that grok.com takes a file is: by its bytes, and by its name among texts."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import PurePosixPath

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OF_ENDING: Mapping[str, str] = {
    "pdf": "application/pdf",
    "rtf": "application/rtf",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "txt": "text/plain",
    "csv": "text/csv",
    "md": "text/markdown",
    "html": "text/html",
    "json": "application/json",
    "xml": "application/xml",
}
_ALIASES: Mapping[str, str] = {
    "text/xml": "xml",
    "text/x-markdown": "md",
    "text/json": "json",
    "application/csv": "csv",
    "application/xhtml+xml": "html",
}
_ENDING_OF: Mapping[str, str] = {
    **{mime: ending for ending, mime in _OF_ENDING.items()},
    **_ALIASES,
}
_TEXTS = frozenset({"txt", "csv", "md", "html", "json", "xml"})
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_ENDINGS = frozenset({"doc", "xls", "ppt"})
_ZIPPED = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
_MARKED = ((b"%PDF-", "pdf"), (b"{\\rtf", "rtf"))
_ZIP_ENTRY = b"PK\x01\x02"
_MOST_ENTRIES = 20_000
_NO_TEXT = bytes(set(range(32)) - {*b"\t\n\f\r\x1b"})


def ending_of(data: bytes, *, name: str, mime: str, with_texts: bool) -> str | None:
    """Such as `pdf`; None for a kind that is not taken. Texts have no mark to be known by."""
    for mark, ending in _MARKED:
        if data.startswith(mark):
            return ending
    claimed = _claimed(name, mime)
    if data.startswith(_OLE):
        return claimed if claimed in _OLE_ENDINGS else None
    if data.startswith(b"PK\x03\x04"):
        return _zipped(data)
    if with_texts and _is_text(data):
        return claimed if claimed in _TEXTS else "txt"
    return None


def mime_of(ending: str) -> str:
    return _OF_ENDING[ending]


def _claimed(name: str, mime: str) -> str:
    suffix = PurePosixPath(name).suffix.lower().removeprefix(".")
    suffix = {"htm": "html", "markdown": "md"}.get(suffix, suffix)
    if suffix in _OF_ENDING:
        return suffix
    return _ENDING_OF.get(mime.partition(";")[0].strip().lower(), "")


def _zipped(data: bytes) -> str | None:
    """By the folders inside; nothing is unpacked."""
    if data.count(_ZIP_ENTRY) > _MOST_ENTRIES:
        return None
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return None
    if "[Content_Types].xml" not in names:
        return None
    endings = (ending for folder, ending in _ZIPPED.items() if _has(names, folder))
    return next(endings, None)


def _has(names: list[str], folder: str) -> bool:
    return any(name.startswith(folder) for name in names)


def _is_text(data: bytes) -> bool:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decodes(data, "utf-16")
    is_clean = len(data.translate(None, _NO_TEXT)) == len(data)
    return is_clean and _decodes(data, "utf-8")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
