"""Pictures and documents in blocks of content."""

from collections.abc import Mapping
from typing import Any

from grokdesk.domain.attachment import Attachment, AttachmentKind
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.gateway.parts import attachment_from, attachment_from_base64, not_kept


def parse_image(block: Mapping[str, Any], path: str) -> Attachment:
    """Raise InvalidRequestError about a place in there."""
    path = f"{path}.source"
    return _from_source(_source_of(block, path), AttachmentKind.IMAGE, "", path)


def parse_document(block: Mapping[str, Any], path: str) -> Attachment | str | list[Any]:
    """A document of text is content like any other; a file is an attachment."""
    path = f"{path}.source"
    source = _source_of(block, path)
    match source:
        case {"type": "text", "data": str(text)}:
            return text
        case {"type": "content", "content": str() | list() as content}:
            return content
        case _:
            pass
    title = block.get("title")
    name = title if isinstance(title, str) else ""
    return _from_source(source, AttachmentKind.FILE, name, path)


def _source_of(block: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    source = block.get("source")
    if not isinstance(source, dict):
        raise InvalidRequestError("This block needs a source.", param=path)
    return source


def _from_source(
    source: Mapping[str, Any], kind: AttachmentKind, name: str, path: str
) -> Attachment:
    match source:
        case {"type": "base64", "data": str(data)}:
            mime = source.get("media_type")
            return attachment_from_base64(
                data, kind, f"{path}.data", mime=mime if isinstance(mime, str) else "", name=name
            )
        case {"type": "url", "url": str(url)}:
            return attachment_from(url, kind, f"{path}.url", name=name)
        case {"type": "file"}:
            raise not_kept(path)
        case _:
            raise InvalidRequestError("A source is of the type base64, url or text.", param=path)
