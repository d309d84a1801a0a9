"""Logging: each record becomes one safe line for the terminal, the file and the log page."""

import contextlib
import logging
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from grokdesk.kernel.logfile import LogFile
from grokdesk.kernel.loglines import LogLine, LogRing
from grokdesk.kernel.logwriter import LogWriter
from grokdesk.kernel.redaction import Redactor, escape

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Set by whoever accepts a request; each line logged on its behalf carries it."""

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

# They are chatty below WARNING, and peewee's debug lines hold the values of each query.
_QUIET_LIBRARIES = ("aiohttp.access", "asyncio", "keyring", "peewee", "qasync")

_LONGEST_MESSAGE = 4_000
_LONGEST_TRACEBACK = 32_000

_formatter = logging.Formatter()


class Logs:
    """Owns the root logger between `start` and `stop`.

    A thread of its own does the writing, so that neither a full disk nor a paused terminal holds
    up the loop; when it cannot keep up, lines are dropped and counted.
    """

    def __init__(
        self,
        *,
        file: Path | None = None,
        stream: TextIO | None = None,
        colour: bool = False,
        level: str = "info",
        redactor: Redactor | None = None,
        ring_size: int = 2_000,
    ) -> None:
        self.redactor = redactor or Redactor()
        self.ring = LogRing(ring_size)
        self._writer = LogWriter(LogFile(file) if file else None, stream, colour)
        self._handler = _RootHandler(self.redactor, self._deliver)
        self._level = LEVELS[level]
        self._undo = contextlib.ExitStack()

    def start(self) -> None:
        root = logging.getLogger()
        self._undo.callback(root.setLevel, root.level)
        for name in _QUIET_LIBRARIES:
            library = logging.getLogger(name)
            self._undo.callback(library.setLevel, library.level)
            library.setLevel(logging.WARNING)
        logging.captureWarnings(True)
        self._undo.callback(logging.captureWarnings, False)
        root.addHandler(self._handler)
        root.setLevel(self._level)
        self._writer.start()

    def stop(self) -> None:
        """Write what is still queued, for 2 s at most."""
        logging.getLogger().removeHandler(self._handler)
        self._undo.close()
        self._writer.stop(timeout=2.0)

    def set_level(self, level: str) -> None:
        self._level = LEVELS[level]
        logging.getLogger().setLevel(self._level)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _deliver(self, line: LogLine) -> None:
        self.ring.append(line)
        self._writer.put(line)


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """On a terminal, unless NO_COLOR says otherwise."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


class _RootHandler(logging.Handler):
    """Makes lines of records; the only way into any of our logs."""

    def __init__(self, redactor: Redactor, deliver: Callable[[LogLine], None]) -> None:
        super().__init__()
        self._redactor = redactor
        self._deliver = deliver
        self._flood = _FloodGate()
        self._serial = 0

    def emit(self, record: logging.LogRecord) -> None:
        left_out = self._flood.admit(record)
        if left_out is None:
            return
        message = escape(self._redactor.redact(_message_of(record)))
        if left_out:
            message += f" [and {left_out} more like it in the minute before]"
        self._serial += 1
        line = LogLine(
            serial=self._serial,
            at=record.created,
            level=record.levelname.lower(),
            logger=escape(record.name),
            message=message,
            request_id=escape(request_id.get()),
            traceback=self._traceback_of(record),
        )
        self._deliver(line)

    def _traceback_of(self, record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[0] is None:
            return ""
        text = _formatter.formatException(record.exc_info)[-_LONGEST_TRACEBACK:]
        return "\n".join(escape(line) for line in self._redactor.redact(text).splitlines())


def _message_of(record: logging.LogRecord) -> str:
    try:
        message = record.getMessage()
    except Exception:  # noqa: BLE001 - a border: a bad log call must not fail its caller
        message = f"{record.msg!r} (its arguments do not fit)"
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return f"{message[:_LONGEST_MESSAGE]}… ({len(message)} characters)"


class _FloodGate:
    """At most so many lines a minute from one place in the code; debug lines are not counted."""

    _PER_MINUTE = 1_000

    def __init__(self) -> None:
        self._seen: dict[tuple[str, int], tuple[int, int]] = {}

    def admit(self, record: logging.LogRecord) -> int | None:
        """How many like it were left out before it; None: this one is to be left out, too."""
        if record.levelno <= logging.DEBUG:
            return 0
        place = (record.pathname, record.lineno)
        minute = int(record.created // 60)
        seen_minute, count = self._seen.get(place, (minute, 0))
        if seen_minute != minute:
            self._seen[place] = (minute, 1)
            return max(0, count - self._PER_MINUTE)
        self._seen[place] = (minute, count + 1)
        return 0 if count < self._PER_MINUTE else None
