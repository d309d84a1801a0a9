"""Running a client that is a program of its own: bounded in time, deaf to the keyboard."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_ENDS_WITHIN_S = 150


def run(
    command: Sequence[str | Path],
    folder: Path,
    environ: Mapping[str, str] | None = None,
    *,
    stdin: str = "",
    succeeds: bool = True,
) -> str:
    """What it printed. It must succeed, or fail if so said."""
    result = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, "PWD": str(folder), **(environ or {})},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=_ENDS_WITHIN_S,
        check=False,
    )
    assert (result.returncode == 0) is succeeds, f"{result.stdout}\n{result.stderr}"
    return result.stdout
