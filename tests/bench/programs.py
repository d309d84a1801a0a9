"""Child processes: started, found healthy, weighed and ended."""

import asyncio
import contextlib
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]

_START_LIMIT_S = 30.0
_LOOK_AGAIN_S = 0.005
_STOP_LIMIT_S = 5.0


class ProgramError(RuntimeError):
    """A program did not do its part; the text says what it printed last."""


class Program:
    """A running Python module that serves HTTP on `port`."""

    def __init__(
        self, name: str, process: subprocess.Popen[bytes], port: int, start_s: float
    ) -> None:
        self.name = name
        self.port = port
        self.start_s = start_s
        """From the fork to the first healthy answer."""
        self._process = process
        self._facts = psutil.Process(process.pid)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_s(self) -> float:
        """User and system time of all its threads so far."""
        if platform.system() == "Linux":  # the clock of a process; psutil counts in 10 ms
            return time.clock_gettime((~self._process.pid << 3) | 2)
        times = self._facts.cpu_times()
        return float(times.user + times.system)

    def rss_mb(self) -> float:
        return float(self._facts.memory_info().rss / 1e6)


@contextlib.asynccontextmanager
async def running(
    name: str,
    arguments: Sequence[str],
    port: int,
    *,
    healthy_path: str,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Program]:
    """`python -m ARGUMENTS`; yields once `healthy_path` answers with 200."""
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=_environ(environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            while not await _is_healthy(port, healthy_path):
                late = time.perf_counter() - started > _START_LIMIT_S
                if late or process.poll() is not None:
                    raise ProgramError(f"{name} does not serve:\n{_tail(log.fileno())}")
                await asyncio.sleep(_LOOK_AGAIN_S)
            yield Program(name, process, port, time.perf_counter() - started)
            if process.poll() is not None:
                raise ProgramError(f"{name} ended by itself:\n{_tail(log.fileno())}")
        finally:
            _end(process)


def run_module(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """Run `python -m ARGUMENTS` to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=_environ(environ),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ProgramError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _environ(additions: Mapping[str, str]) -> dict[str, str]:
    """Ours without a trace of the developer's own settings, and with bytecode kept."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GROKDESK_")}
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**inherited, **additions}


async def _is_healthy(port: int, path: str) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    try:
        writer.write(request.encode())
        status = await reader.readline()
        await reader.read()
    except OSError:
        return False
    finally:
        writer.close()
    return b" 200 " in status


def _tail(log: int) -> str:
    size = os.lseek(log, 0, os.SEEK_END)
    return os.pread(log, 4000, max(0, size - 4000)).decode(errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
