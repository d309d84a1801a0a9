"""The thread that writes log lines, so that no disk or terminal holds up the loop."""

import contextlib
import queue
import threading
from collections.abc import Sequence
from typing import TextIO

from grokdesk.kernel.logfile import LogFile
from grokdesk.kernel.loglines import LogLine, render_human, render_json


class LogWriter:
    """When it cannot keep up, lines are dropped and counted."""

    _QUEUED = 5_000
    _AT_ONCE = 500

    def __init__(self, file: LogFile | None, stream: TextIO | None, colour: bool) -> None:
        self._file = file
        self._stream = stream
        self._colour = colour
        self._queue: queue.Queue[LogLine | None] = queue.Queue(self._QUEUED)
        self._thread = threading.Thread(target=self._run, name="logs", daemon=True)
        self._dropped = 0
        self._file_failing = False

    def start(self) -> None:
        self._thread.start()

    def put(self, line: LogLine) -> None:
        try:
            self._queue.put_nowait(line)
        except queue.Full:
            self._dropped += 1

    def stop(self, timeout: float) -> None:
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=timeout)
        self._thread.join(timeout)

    def _run(self) -> None:
        while batch := self._next_batch():
            lines = [line for line in batch if line is not None]
            self._to_stream([render_human(line, colour=self._colour) for line in lines])
            self._to_file([render_json(line) for line in lines])
            if None in batch:
                break
        if self._file:
            self._file.close()

    def _next_batch(self) -> list[LogLine | None]:
        batch = [self._queue.get()]
        with contextlib.suppress(queue.Empty):
            while len(batch) < self._AT_ONCE:
                batch.append(self._queue.get_nowait())
        return batch

    def _to_stream(self, lines: Sequence[str]) -> None:
        if self._stream is None:
            return
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            lines = [*lines, f"({dropped} log lines were dropped: too many at once)"]
        # ValueError: the stream was closed by whoever owns it.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()

    def _to_file(self, lines: Sequence[bytes]) -> None:
        if self._file is None:
            return
        try:
            self._file.write(lines)
            self._file_failing = False
        except OSError as error:
            if not self._file_failing:
                self._to_stream([f"The log file cannot be written: {error.strerror or error}."])
            self._file_failing = True
