"""Plain progress lines, and child processes that neither hide nor change what they say."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Command = Sequence[str | Path]

IS_WINDOWS = sys.platform == "win32"

# Without bytecode every start compiles hundreds of modules again: seconds instead of tenths.
_NOT_FOR_CHILDREN = ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME")


class ToolError(Exception):
    """Ends the command; the text is a sentence that tells the user what to do."""


def say(line: str) -> None:
    print(f"\033[2m»\033[0m {line}" if sys.stdout.isatty() else f"» {line}", flush=True)


def run(
    command: Command,
    *,
    extra_env: Mapping[str, str] | None = None,
    cwd: Path | None = ROOT,
) -> int:
    """The exit code. Ctrl-C reaches the child itself; we wait for it to finish its shutdown."""
    process = subprocess.Popen([str(part) for part in command], env=child_env(extra_env), cwd=cwd)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


class Beside:
    """A process that runs meanwhile; what it says is kept, and shown when it is waited for."""

    def __init__(self, command: Command, *, extra_env: Mapping[str, str] | None = None) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the block
        self._process = subprocess.Popen(
            [str(part) for part in command],
            env=child_env(extra_env),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> "Beside":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        self._said.close()

    def end(self) -> int:
        """The exit code. Ctrl-C reaches the child itself; we wait for it to finish."""
        while True:
            try:
                code = self._process.wait()
                break
            except KeyboardInterrupt:
                continue
        self._said.seek(0)
        sys.stdout.flush()
        shutil.copyfileobj(self._said, sys.stdout.buffer)
        sys.stdout.flush()
        return code


def run_or_stop(
    command: Command,
    sentence: str,
    *,
    extra_env: Mapping[str, str] | None = None,
) -> None:
    if run(command, extra_env=extra_env) != 0:
        raise ToolError(sentence)


def capture(
    command: Command, *, extra_env: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run in silence; `stdout` of the result holds error messages too."""
    return subprocess.run(
        [str(part) for part in command],
        check=False,
        cwd=ROOT,
        env=child_env(extra_env),
        errors="replace",
        input=stdin,
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
    )


def become(command: Command, *, extra_env: Mapping[str, str] | None = None) -> int:
    """Replace this process, so that signals and the terminal belong to the program alone."""
    if not IS_WINDOWS:  # exec returns to the shell at once there
        arguments = [str(part) for part in command]
        os.execve(arguments[0], arguments, child_env(extra_env))  # noqa: S606
    return run(command, extra_env=extra_env, cwd=None)


def child_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in _NOT_FOR_CHILDREN}
    return kept | dict(extra or {})
