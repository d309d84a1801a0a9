"""Names under which files go upstream: short, harmless, and each another one."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from grokdesk.domain.attachment import UploadFile

_LONGEST_STEM = 80
_UNFIT = re.compile(r'[\x00-\x1f\x7f"<>|:*?\u200b-\u200f\u2028-\u202e\u2066-\u2069]+')
_ALIKE = {"jpeg": ("jpg", "jpeg", "jpe"), "html": ("html", "htm"), "md": ("md", "markdown")}


def file_name(given: str, fallback: str, ending: str, *, keep_ending: bool = False) -> str:
    """The client's name without folders, or else the fallback, with an ending that is true.

    `keep_ending`: any is true, as of a program's source among texts.
    """
    path = PurePosixPath(_UNFIT.sub("", given.replace("\\", "/")))
    stem, suffix = path.stem.strip(" ."), path.suffix.lower().removeprefix(".")
    fits = suffix and (keep_ending or suffix in _ALIKE.get(ending, (ending,)))
    return f"{stem[:_LONGEST_STEM] or fallback}.{suffix[:20] if fits else ending}"


def named_apart(files: Iterable[UploadFile]) -> Iterator[UploadFile]:
    """Whoever reads the conversation tells them apart by their names."""
    taken: set[str] = set()
    for file in files:
        name, path, number = file.name, PurePosixPath(file.name), 1
        while name in taken:
            number += 1
            name = f"{path.stem}-{number}{path.suffix}"
        taken.add(name)
        yield file if name == file.name else replace(file, name=name)
