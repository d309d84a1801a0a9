"""Uploads in both forms, and the answers to them."""

from dataclasses import dataclass

import msgspec

from grokdesk.domain.attachment import UploadFile
from grokdesk.domain.errors import ContentRefusedError
from grokdesk.upstream.web.wire.excerpts import excerpt
from grokdesk.upstream.web.wire.lenient import changed, first_text, object_of, parse_object, text_of
from grokdesk.upstream.web.wire.multipart import multipart


@dataclass(frozen=True, slots=True)
class Upload:
    """`file_id` does for chat; picture edits need `metadata_id`, which may be empty at first."""

    file_id: str
    metadata_id: str = ""
    uri: str = ""


def parse_upload(body: bytes) -> Upload:
    """Raise ContentRefusedError for a file that is not accepted, else ProtocolChangedError."""
    answer = parse_object(body, "the answer to an upload")
    if terminal := answer.get("terminalError"):  # null, false, 0, "" and {} all mean none
        raise ContentRefusedError(
            "grok.com did not accept the file. Try another format or a smaller file.",
            excerpt=excerpt(text_of(object_of(terminal).get("message")) or body),
        )
    described = object_of(answer.get("fileMetadata")) or answer  # the older answer is flat
    metadata_id = first_text(described, "fileMetadataId")
    file_id = metadata_id or first_text(described, "fileId") or text_of(answer.get("uploadId"))
    if not file_id:
        raise changed("the answer to an upload", body)
    return Upload(file_id, metadata_id, text_of(described.get("fileUri")))


def direct_body(file: UploadFile, boundary: str) -> bytes:
    return multipart(file.name, file.mime, file.data, boundary=boundary)


def legacy_body(file: UploadFile) -> bytes:
    """The older form, which grows by a third."""
    return msgspec.json.encode(
        {"fileName": file.name, "fileMimeType": file.mime, "content": file.data}
    )
