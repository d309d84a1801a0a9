"""What is kept of a log record, and how it reads."""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

_COLOURS = {"warning": "33", "error": "31", "critical": "31;1"}


@dataclass(frozen=True, slots=True)
class LogLine:
    """A record after redaction. `serial` counts up from 1; `at` is Unix time."""

    serial: int
    at: float
    level: str
    logger: str
    message: str
    request_id: str = ""
    traceback: str = ""


class LogRing:
    """The newest lines, for the log page. Filled by any thread, read by any."""

    def __init__(self, size: int) -> None:
        self._lines: deque[LogLine] = deque(maxlen=size)

    def append(self, line: LogLine) -> None:
        self._lines.append(line)

    def since(self, serial: int = 0) -> tuple[LogLine, ...]:
        """Lines younger than `serial`, oldest first."""
        return tuple(line for line in self._lines.copy() if line.serial > serial)


def render_human(line: LogLine, *, colour: bool = False) -> str:
    """For a terminal, in local time; a traceback is indented so that it cannot pose as a line."""
    clock = datetime.fromtimestamp(line.at, UTC).astimezone().strftime("%H:%M:%S")
    request = f"{line.request_id} " if line.request_id else ""
    paint = _COLOURS.get(line.level) if colour else None
    level = f"\x1b[{paint}m{line.level:<8}\x1b[0m" if paint else f"{line.level:<8}"
    head = f"{clock} {level} {request}{line.message}  ({line.logger})"
    return "\n    ".join([head, *line.traceback.splitlines()])


def render_json(line: LogLine) -> bytes:
    fields: dict[str, str] = {
        "at": datetime.fromtimestamp(line.at, UTC).isoformat(timespec="milliseconds"),
        "level": line.level,
        "logger": line.logger,
        "message": line.message,
    }
    if line.request_id:
        fields["request"] = line.request_id
    if line.traceback:
        fields["traceback"] = line.traceback
    return msgspec.json.encode(fields)
