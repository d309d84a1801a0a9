"""Parts of a message that are no text: pictures and files, in OpenAI's forms and others' in use."""

from collections.abc import Mapping
from typing import Any

from grokdesk.domain.attachment import Attachment, AttachmentKind
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.parts import (
    attachment_from,
    attachment_from_base64,
    not_kept,
    unsupported_content,
)

_PICTURES = frozenset({"image_url", "input_image", "image"})
_FILES = frozenset({"file", "input_file", "document"})
_NOT_TAKEN = {"input_audio": "audio", "audio": "audio", "video_url": "videos", "video": "videos"}
MEDIA = frozenset({*_PICTURES, *_FILES, *_NOT_TAKEN})


def parse_media(part: Mapping[str, Any], kind: str, path: str) -> Attachment:
    """Raise InvalidRequestError about `path`, or a place in there."""
    if kind in _NOT_TAKEN:
        raise unsupported_content(f"Grok's chat takes no {_NOT_TAKEN[kind]}.", path)
    source = part.get("source")
    if isinstance(source, dict):
        wanted = AttachmentKind.IMAGE if kind in _PICTURES else AttachmentKind.FILE
        return _from_source(source, wanted, part, f"{path}.source")
    if kind in _PICTURES:
        return _picture(part, kind, path)
    return _file(part, path)


def _picture(part: Mapping[str, Any], kind: str, path: str) -> Attachment:
    field = "image" if kind == "image" and "image" in part else "image_url"
    address = part.get(field)
    path = f"{path}.{field}"
    if isinstance(address, dict):
        address = address.get("url")
        path = f"{path}.url"
    if address is None and isinstance(part.get("file_id"), str):
        raise not_kept(path)
    return attachment_from(_text(address, path), AttachmentKind.IMAGE, path)


def _file(part: Mapping[str, Any], path: str) -> Attachment:
    inner = part.get("file")
    if isinstance(inner, dict):
        part, path = inner, f"{path}.file"
    name = part.get("filename")
    name = name if isinstance(name, str) else ""
    for field in ("file_data", "file_url"):
        data = part.get(field)
        if data is None:
            continue
        where = f"{path}.{field}"
        data = _text(data, where)
        if field == "file_data" and data[:5].lower() != "data:":
            return attachment_from_base64(data, AttachmentKind.FILE, where, name=name)
        kind = AttachmentKind.IMAGE if data[:11] == "data:image/" else AttachmentKind.FILE
        return attachment_from(data, kind, where, name=name)
    if part.get("file_id") is not None:
        raise not_kept(f"{path}.file_id")
    raise InvalidRequestError("This file has no data.", param=f"{path}.file_data")


def _from_source(
    source: Mapping[str, Any], kind: AttachmentKind, part: Mapping[str, Any], path: str
) -> Attachment:
    """Anthropic's form, which reaches us through programs that speak several dialects."""
    title = part.get("title")
    name = title if isinstance(title, str) else ""
    if source.get("type") == "url":
        return attachment_from(_text(source.get("url"), f"{path}.url"), kind, f"{path}.url")
    mime = source.get("media_type")
    return attachment_from_base64(
        _text(source.get("data"), f"{path}.data"),
        kind,
        f"{path}.data",
        mime=mime if isinstance(mime, str) else "",
        name=name,
    )


def _text(value: object, param: str) -> str:
    if not isinstance(value, str):
        raise InvalidRequestError("This must be a text.", param=param)
    return value
