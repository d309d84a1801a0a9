"""Logging as this program sets it up: stderr for people, a private file, secrets redacted."""

import sys
from collections.abc import Mapping

from grokdesk.kernel.logs import LEVELS, Logs, wants_colour
from grokdesk.kernel.paths import Paths


def start_logs(paths: Paths, environ: Mapping[str, str]) -> Logs:
    """A context manager. A windowed build has no stderr."""
    stream = sys.stderr
    wanted = environ.get("GROKDESK_LOGS_LEVEL", "").lower()
    return Logs(
        file=paths.log_dir / "grokdesk.log",
        stream=stream,
        colour=stream is not None and wants_colour(stream, environ),
        level=wanted if wanted in LEVELS else "info",
    )
