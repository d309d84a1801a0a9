"""What goes wrong with files and disks, as sentences for a person."""

import sqlite3

from grokdesk.domain.errors import GrokdeskError


class StoreError(GrokdeskError):
    """The user's disk or files are in the way; our own mistakes in SQL are never this."""


SENTENCES = {
    sqlite3.SQLITE_FULL: "The disk is full, so nothing can be saved.",
    sqlite3.SQLITE_READONLY: "The database cannot be written, so nothing can be saved.",
    sqlite3.SQLITE_PERM: "The database cannot be written, so nothing can be saved.",
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened; check the data folder's rights.",
    sqlite3.SQLITE_IOERR: "The disk reported an error while the database was read or written.",
    sqlite3.SQLITE_BUSY: "Another program keeps the database locked.",
    sqlite3.SQLITE_LOCKED: "Another program keeps the database locked.",
    sqlite3.SQLITE_CORRUPT: "The database is damaged; restart Grokdesk to have it repaired.",
    sqlite3.SQLITE_NOTADB: "The database is damaged; restart Grokdesk to have it repaired.",
    sqlite3.SQLITE_NOMEM: "There is not enough memory to use the database.",
}

DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
UNWRITABLE = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
    }
)


def result_code(error: BaseException) -> int | None:
    """SQLite's primary result code, also through the exception that peewee wraps around it."""
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def explain(error: Exception) -> Exception:
    """A StoreError for what the user's machine did, `error` itself for everything else."""
    sentence = SENTENCES.get(result_code(error) or 0)
    if sentence is None:
        return error
    explained = StoreError(sentence)
    explained.__cause__ = error
    return explained
