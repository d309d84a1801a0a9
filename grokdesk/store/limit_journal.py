"""When keys with limits were used, for as long as it counts; a process that is killed loses none.

One `write` per accepted request. A journal is two files that take turns: the older one is replaced
when nothing in it counts any more, so that no line is ever written twice and a crash leaves
nothing half done.

A line is a JSON array of Unix time and the id of a key. Without an id it says by how many seconds
the wall clock was moved, which goes for all lines before it.
"""

import contextlib
import logging
from pathlib import Path

import msgspec

from grokdesk.store.appending import AppendingFile

_log = logging.getLogger(__name__)

MINUTE_S = 60.0
DAY_S = 86_400.0
_TURN_AT = 64 * 1024

Use = tuple[float, str]
"""Unix time and the id of a key."""


class LimitJournals:
    """One journal for keys that are limited by the minute alone, one for those that are by the day.

    `base` gives place and name; None: nothing outlives this process. No method raises: a limit
    that is kept in memory alone is better than a request that fails.
    """

    def __init__(self, base: Path | None) -> None:
        self._journals: tuple[_Journal, ...] = ()
        if base is not None:
            self._journals = (
                _Journal(base.with_suffix(".limits-minute"), MINUTE_S),
                _Journal(base.with_suffix(".limits-day"), DAY_S),
            )
        self._failing = False

    def read(self, now: float, elapsed: float) -> list[Use]:
        """All uses of the last minute, and of the last day where the day counts."""
        uses: list[Use] = []
        for journal in self._journals:
            try:
                uses += journal.read(now, elapsed)
            except OSError as error:
                self._tell(error)
        return uses

    def append(self, now: float, elapsed: float, key_id: str, *, daily: bool) -> None:
        """When this returns, the use outlives this process. `elapsed` never goes back."""
        if not self._journals:
            return
        try:
            self._journals[daily].append(now, elapsed, key_id)
            self._failing = False
        except OSError as error:
            self._tell(error)

    def move(self, seconds: float, elapsed: float) -> None:
        """The wall clock was set: what was used stays as long ago as it was."""
        for journal in self._journals:
            with contextlib.suppress(OSError):
                journal.append(seconds, elapsed, "")

    def close(self) -> None:
        for journal in self._journals:
            journal.close()

    def _tell(self, error: OSError) -> None:
        if not self._failing:
            _log.warning("The use of limited API keys cannot be written down: %s", error)
        self._failing = True


class _Journal:
    """OSError: the disk is full or cannot be written."""

    def __init__(self, path: Path, keep_s: float) -> None:
        self._keep_s = keep_s
        self._file = AppendingFile(path)
        self._older = path.with_name(f"{path.name}.old")
        self._older_counts_until = 0.0
        """In elapsed time."""
        self._encode = msgspec.json.Encoder().encode

    def read(self, now: float, elapsed: float) -> list[Use]:
        """The uses that still count, oldest first; a file without any goes."""
        older = _parse(_bytes_of(self._older))
        uses = older + self._read_current()
        _move(uses)
        newest = _newest(uses)
        if newest > now:  # the clock was set back while nothing ran
            self._write(now - newest, "")
            uses.append((now - newest, ""))
            _move(uses)
        self._tidy(uses[: len(older)], uses[len(older) :], now, elapsed)
        return [use for use in uses if use[1] and use[0] > now - self._keep_s]

    def append(self, now: float, elapsed: float, key_id: str) -> None:
        file = self._file
        if file.size > _TURN_AT and elapsed >= self._older_counts_until:
            file.close()
            file.path.replace(self._older)
            self._older_counts_until = elapsed + self._keep_s
        self._write(now, key_id)

    def close(self) -> None:
        self._file.close()

    def _write(self, number: float, key_id: str) -> None:
        self._file.append(self._encode((number, key_id)) + b"\n")

    def _read_current(self) -> list[Use]:
        """What a crash left half written is no use, and no beginning of the next line."""
        if not self._file.path.exists():
            return []
        data = self._file.read()
        self._file.cut(data.rfind(b"\n") + 1)
        return _parse(data)

    def _tidy(self, older: list[Use], current: list[Use], now: float, elapsed: float) -> None:
        """The older file goes first: what the current one tells of the clock is for it, too."""
        left_s = _newest(older) + self._keep_s - now
        if left_s > 0:
            self._older_counts_until = elapsed + left_s
            return
        self._older.unlink(missing_ok=True)
        if current and _newest(current) + self._keep_s <= now:
            self._file.cut(0)


_line_decoder = msgspec.json.Decoder(Use)


def _parse(data: bytes) -> list[Use]:
    whole = data[: data.rfind(b"\n") + 1]
    with contextlib.suppress(msgspec.DecodeError):
        return list(_line_decoder.decode_lines(whole))
    uses: list[Use] = []
    for line in whole.splitlines():
        with contextlib.suppress(msgspec.DecodeError):
            uses.append(_line_decoder.decode(line))
    return uses


def _move(uses: list[Use]) -> None:
    """Give each use the time that the clock shows for it today; once per change of the clock."""
    moved_s = 0.0
    for place in range(len(uses) - 1, -1, -1):
        at, key_id = uses[place]
        if not key_id:
            moved_s += at
            uses[place] = 0.0, ""
        elif moved_s:
            uses[place] = at + moved_s, key_id


def _newest(uses: list[Use]) -> float:
    return max((at for at, key_id in uses if key_id), default=0.0)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
