"""Files and folders that only their owner can read, written so that a crash cannot halve them."""

import contextlib
import os
import stat
from pathlib import Path

_OTHERS = 0o077


def private_folder(folder: Path) -> None:
    """Create the folder, or shut others out of it; never touches a home or a shared folder."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    shared = folder == Path.home() or bool(found.st_mode & stat.S_ISVTX)
    if ours and not shared and found.st_mode & _OTHERS:
        folder.chmod(0o700)


def private_file(path: Path) -> None:
    """Make sure the file exists, can be written and is its owner's alone, whatever the umask."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if path.stat().st_mode & 0o777 != 0o600:
        path.chmod(0o600)


def others_can_read(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & _OTHERS)


def write_new(path: Path, data: bytes) -> None:
    """Create `path` with all of `data` or not at all; FileExistsError if it is there already."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    try:
        _write(draft, data)
        _rename_to_new(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o600)


def _rename_to_new(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(path) from None
        draft.rename(path)


def sync_folder(folder: Path) -> None:
    """Make a new or renamed entry survive a power cut; not possible, nor needed, on Windows."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        # Some network file systems refuse to sync a folder.
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
