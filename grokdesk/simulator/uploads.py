"""Uploads in both forms, and the list of an account's files."""

import binascii
import hashlib
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from aiohttp import BodyPartReader, web

from grokdesk.simulator import pages
from grokdesk.simulator.accounts import Account, StoredFile
from grokdesk.simulator.site import Site
from grokdesk.simulator.stats import Upload

DIRECT_PATH: Final = "/http/upload-file-v2/direct"
LEGACY_PATH: Final = "/rest/app-chat/upload-file"
ASSETS_PATH: Final = "/rest/assets"
METADATA_PREFIX: Final = "/rest/assets-metadata/"

_DEFAULT_PAGE_SIZE: Final = 50


class LegacyUpload(msgspec.Struct, rename="camel"):
    file_name: str
    file_mime_type: str
    content: str


async def direct(site: Site, request: web.BaseRequest, account: Account) -> web.StreamResponse:
    if not request.content_type.startswith("multipart/"):
        return pages.invalid("multipart/form-data expected")
    content: bytes | None = None
    name = mime_type = source = ""
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            return pages.invalid("nested multipart")
        if part.name == "file":
            name = part.filename or ""
            mime_type = part.headers.get("Content-Type", "application/octet-stream")
            content = bytes(await part.read())
        elif part.name == "file_source":
            source = await part.text()
    if content is None:
        return pages.invalid("part 'file' is missing")
    stored = _store(site, account, DIRECT_PATH, name, mime_type, content, source or None)
    metadata = {
        "fileMetadataId": stored.file_id,
        "fileId": f"file-{stored.file_id}",
        "fileUri": stored.uri,
    }
    return pages.json_response(
        {"uploadId": f"up-{stored.file_id}", "terminalError": None, "fileMetadata": metadata}
    )


async def legacy(site: Site, request: web.BaseRequest, account: Account) -> web.StreamResponse:
    try:
        body = msgspec.json.decode(await request.read(), type=LegacyUpload)
        content = b64decode(body.content, validate=True)
    except (msgspec.DecodeError, binascii.Error) as exc:
        return pages.invalid(str(exc))
    stored = _store(site, account, LEGACY_PATH, body.file_name, body.file_mime_type, content)
    return pages.json_response(
        {
            "fileMetadataId": stored.file_id,
            "fileMimeType": stored.mime_type,
            "fileName": stored.name,
            "fileUri": stored.uri,
            "parsedFileUri": "",
            "createTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "fileSource": "SELF_UPLOAD_FILE_SOURCE",
        }
    )


async def list_assets(
    _site: Site, request: web.BaseRequest, account: Account
) -> web.StreamResponse:
    try:
        size = max(1, int(request.query.get("pageSize", _DEFAULT_PAGE_SIZE)))
        start = int(request.query.get("pageToken") or 0)
    except ValueError:
        return pages.invalid("pageSize and pageToken are numbers")
    files = list(account.files.values())
    following = start + size
    return pages.json_response(
        {
            "assets": [_asset(file) for file in files[start:following]],
            "nextPageToken": str(following) if following < len(files) else "",
        }
    )


async def delete_asset(
    site: Site, request: web.BaseRequest, account: Account
) -> web.StreamResponse:
    asset_id = request.path.removeprefix(METADATA_PREFIX)
    if account.files.pop(asset_id, None) is None:
        return pages.not_found()
    site.stats.deleted_assets.append(asset_id)
    return pages.json_response({})


def _store(
    site: Site,
    account: Account,
    path: str,
    name: str,
    mime_type: str,
    content: bytes,
    source: str | None = None,
) -> StoredFile:
    file_id = site.new_id()
    stored = StoredFile(file_id, name, mime_type, f"users/{account.uid}/{file_id}/content")
    account.keep(stored)
    digest = hashlib.sha256(content).hexdigest()
    site.stats.uploads.append(
        Upload(account.token, path, file_id, name, mime_type, len(content), digest, source)
    )
    return stored


def _asset(file: StoredFile) -> dict[str, Any]:
    return {
        "assetId": file.file_id,
        "mimeType": file.mime_type,
        "name": file.name,
        "key": file.uri,
    }
