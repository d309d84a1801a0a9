"""Which attachments of a conversation go upstream, and what the text says of each."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import TypeAlias

from grokdesk.domain.attachment import Attachment, UploadFile
from grokdesk.domain.chat import Message
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.services.file_names import named_apart

_LARGEST_SUM = 64 << 20

Sources: TypeAlias = tuple[tuple[str, ...], ...]
"""What makes attachments the same before they are read, by message: address or digest."""


def sources_of(messages: tuple[Message, ...]) -> Sources:
    """Runs in a thread, for the data may be large."""
    return tuple(
        tuple(each.url or hashlib.sha256(each.data).hexdigest() for each in message.attachments)
        for message in messages
    )


def numbered(sources: Sources) -> dict[str, int]:
    """From 1 in the order of the conversation, so that a file keeps its name in later turns."""
    return {source: number for number, source in enumerate(dict.fromkeys(chain(*sources)), start=1)}


def newest(messages: tuple[Message, ...], sources: Sources, count: int) -> dict[str, Attachment]:
    """Those used last, in the order of the conversation."""
    attachments = chain.from_iterable(message.attachments for message in messages)
    found: dict[str, Attachment] = {}
    for source, each in reversed(tuple(zip(chain(*sources), attachments, strict=True))):
        if len(found) < count:
            found.setdefault(source, each)
    return dict(reversed(found.items()))


def unique(read: Collection[UploadFile]) -> dict[str, UploadFile]:
    """By digest: each once, under a name that no other has."""
    files: dict[str, UploadFile] = {}
    for file in read:
        files.setdefault(file.digest, file)
    return {file.digest: file for file in named_apart(files.values())}


def refuse_sum(files: Iterable[UploadFile], attachments: Iterable[Attachment]) -> None:
    """Raise InvalidRequestError about the attachment that is too much."""
    total = 0
    for file, attachment in zip(files, attachments, strict=True):
        total += len(file.data)
        if total > _LARGEST_SUM:
            raise InvalidRequestError(
                f"The files are larger than {_LARGEST_SUM >> 20} MB together.",
                param=attachment.param,
                code="file_too_large",
            )


def in_words(message: Message, sources: tuple[str, ...], names: Mapping[str, str]) -> Message:
    """As text alone. `names` are those of the files that go upstream, by source."""
    if not sources:
        return message
    there = [names[source] for source in sources if source in names]
    missing = len(sources) - len(there)
    notes = [message.text] if message.text else []
    if there:
        notes.append(f"[attached: {', '.join(there)}]")
    if missing:
        notes.append(f"[no longer attached: {missing} older {'file' if missing == 1 else 'files'}]")
    return replace(message, text="\n".join(notes), attachments=())
