"""Pictures and files of a request: checked, made to fit, and left with the account that serves."""

import asyncio
import hashlib
from collections.abc import Callable, Collection, Coroutine, Iterable
from dataclasses import replace
from itertools import repeat
from typing import Any, TypeVar

from grokdesk.domain.account import Account, Token
from grokdesk.domain.attachment import Attachment, AttachmentKind, UploadFile
from grokdesk.domain.chat import ChatRequest, Message
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.kernel.clock import Clock
from grokdesk.services.attached import in_words, newest, numbered, refuse_sum, sources_of, unique
from grokdesk.services.file_names import file_name
from grokdesk.services.file_types import ending_of, mime_of
from grokdesk.services.left_files import LeftFiles
from grokdesk.services.pictures import UnfitPictureError, fit_picture
from grokdesk.services.ports import Upstream
from grokdesk.services.remote_files import RemoteFiles
from grokdesk.settings.serving import AttachmentSettings

_READ_WITHIN_S = 5.0
_UPLOADS_AT_ONCE = 3

_NO_PICTURE = "This is no picture that Grok takes. Send PNG, JPEG, WebP or GIF."
_NO_FILE = (
    "This is no file that Grok takes. Send a picture, a PDF, a document of an office program, or "
    "text in UTF-8."
)

T = TypeVar("T")


class AttachmentService:
    """`options` is asked anew for each request."""

    def __init__(
        self,
        upstream: Upstream,
        remote: RemoteFiles,
        clock: Clock,
        options: Callable[[], AttachmentSettings],
    ) -> None:
        self._remote = remote
        self._options = options
        self._left = LeftFiles(upstream, clock)
        # A picture at the limit takes hundreds of megabytes while it is made smaller.
        self._one_at_a_time = asyncio.Lock()

    async def prepare(
        self, request: ChatRequest
    ) -> tuple[tuple[Message, ...], tuple[UploadFile, ...]]:
        """The messages as text alone, which tells what is attached, and the files, oldest first.

        Raise InvalidRequestError whose `param` names the attachment at fault.
        """
        if not any(message.attachments for message in request.messages):
            return request.messages, ()
        options = self._options()
        sources = await asyncio.to_thread(sources_of, request.messages)
        numbers = numbered(sources)
        wanted = newest(request.messages, sources, options.max_count)
        read = await _all(
            self._read(each, numbers[source], options) for source, each in wanted.items()
        )
        refuse_sum(read, wanted.values())
        files = unique(read)
        names = {source: files[file.digest].name for source, file in zip(wanted, read, strict=True)}
        messages = tuple(map(in_words, request.messages, sources, repeat(names)))
        return messages, tuple(files.values())

    async def leave(
        self, account: Account, token: Token, files: tuple[UploadFile, ...]
    ) -> tuple[str, ...]:
        """Upstream's ids of the files; what the account has already is not uploaded again."""
        gate = asyncio.Semaphore(_UPLOADS_AT_ONCE)

        async def id_of(file: UploadFile) -> str:
            async with gate:
                return await self._left.id_of(account, token, file)

        return tuple(await _all(map(id_of, files)))

    def doubt(self, account: Account, files: tuple[UploadFile, ...]) -> None:
        """After a failure, for upstream may no longer know their ids: they are left anew."""
        self._left.forget(account.id, files)

    async def _read(
        self, attachment: Attachment, number: int, options: AttachmentSettings
    ) -> UploadFile:
        param = attachment.param
        if attachment.url:
            data = await self._remote.fetch(attachment.url, param=param)
            attachment = replace(attachment, data=data)
        if len(attachment.data) > options.max_file_mb << 20:
            raise InvalidRequestError(
                f"The file is larger than {options.max_file_mb} MB.",
                param=param,
                code="file_too_large",
            )
        try:
            async with self._one_at_a_time, asyncio.timeout(_READ_WITHIN_S):
                return await asyncio.to_thread(_fit, attachment, number, options.max_image_side)
        except UnfitPictureError as error:
            raise InvalidRequestError(str(error), param=param, code="invalid_image") from None
        except TimeoutError:
            raise InvalidRequestError(
                "It takes too long to read this file. Send a smaller one.", param=param
            ) from None


def _fit(attachment: Attachment, number: int, max_side: int) -> UploadFile:
    """Runs in a thread. Raise UnfitPictureError or InvalidRequestError."""
    picture = fit_picture(attachment.data, max_side=max_side)
    if picture is not None:
        name = file_name(attachment.name, f"picture-{number}", picture.format.value)
        return _upload_file(name, picture.mime, picture.data)
    if attachment.kind is AttachmentKind.IMAGE:
        raise InvalidRequestError(_NO_PICTURE, param=attachment.param, code="invalid_image_format")
    # What was fetched must prove by its bytes what it is, which texts cannot.
    ending = ending_of(
        attachment.data,
        name=attachment.name,
        mime=attachment.mime,
        with_texts=not attachment.url,
    )
    if ending is None:
        raise InvalidRequestError(_NO_FILE, param=attachment.param, code="unsupported_file")
    name = file_name(attachment.name, f"file-{number}", ending, keep_ending=ending == "txt")
    return _upload_file(name, mime_of(ending), attachment.data)


def _upload_file(name: str, mime: str, data: bytes) -> UploadFile:
    return UploadFile(name, mime, data, hashlib.sha256(data).hexdigest())


async def _all(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """In order; the first failure ends the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks: Collection[asyncio.Task[T]] = [group.create_task(work) for work in works]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
