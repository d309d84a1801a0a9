"""Data that ships with the program and that a file of the user's own may replace."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from grokdesk.domain.errors import SettingsError

T = TypeVar("T")


def load_own(
    parse: Callable[[str], T], bundled_text: str, user_file: Path | None, instead: str
) -> tuple[T, tuple[str, ...]]:
    """The user's file if there is one and it is sound, else ours; with notices. Blocks: disk.

    `parse` raises SettingsError; `instead` is a sentence that says what is used then.
    """
    bundled = parse(bundled_text)
    if user_file is None:
        return bundled, ()
    try:
        return parse(user_file.read_text(encoding="utf-8-sig")), ()
    except FileNotFoundError:
        return bundled, ()
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    except SettingsError as error:
        reason = str(error).rstrip(".")
    return bundled, (f"{user_file} is not used: {reason}. {instead}",)
