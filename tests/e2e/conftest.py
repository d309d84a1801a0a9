"""The program as its users run it: separate processes, a folder of their own, real sockets."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_STARTS_WITHIN_S = 20.0


@dataclass
class SimulatorProcess:
    process: subprocess.Popen[str]
    origin: str

    def script(self, **changes: Any) -> None:
        self._ask("/_simulator/script", json.dumps(changes).encode())

    def stats(self) -> dict[str, Any]:
        return json.loads(self._ask("/_simulator/stats"))

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.origin + path, data=body)
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.read()


@dataclass
class Program:
    """One profile. `environ` is what every command of it gets."""

    home: Path
    environ: dict[str, str]
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    base_url: str = ""
    first_key: str = ""
    log: Path = Path()

    def run(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [sys.executable, "-m", "grokdesk", *arguments],
            cwd=ROOT,
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if check:
            assert result.returncode == 0, (result.args, result.stdout, result.stderr)
        return result

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return self._spawn([sys.executable, "-m", "grokdesk", *arguments])

    def serve(self, *arguments: str, port: int = 0) -> subprocess.Popen[str]:
        """Return when the endpoint answers; the printed endpoint and key are kept."""
        process = self.start("serve", "--port", str(port), *arguments)
        assert process.stdout is not None
        deadline = time.monotonic() + _STARTS_WITHIN_S
        for line in process.stdout:
            words = line.split()
            if words[:1] == ["Endpoint"]:
                self.base_url = words[1]
            if words[:2] == ["API", "key"]:
                self.first_key = words[2]
            if line.startswith("curl "):
                return process
            assert time.monotonic() < deadline
        raise AssertionError(f"serve ended with {process.wait()}: {self.log.read_text()}")

    def key(self, name: str = "test") -> str:
        return self.run("keys", "create", "--name", name).stdout.strip()

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _spawn(self, command: Sequence[str]) -> subprocess.Popen[str]:
        self.log = self.home / f"stderr-{len(self.processes)}.txt"
        with self.log.open("w") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.processes.append(process)
        return process


@pytest.fixture
def simulator() -> Iterator[SimulatorProcess]:
    process = subprocess.Popen(
        [sys.executable, "-m", "grokdesk.simulator"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield SimulatorProcess(process, process.stdout.readline().strip())
    process.terminate()
    process.wait(10)
    process.stdout.close()


@pytest.fixture
def bare_program(tmp_path: Path) -> Iterator[Program]:
    """A fresh profile on a machine without a keyring and without a display."""
    hidden = ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
    environ = {k: v for k, v in os.environ.items() if k not in hidden}
    environ = {k: v for k, v in environ.items() if not k.startswith("GROKDESK_")}
    environ["GROKDESK_HOME"] = str(tmp_path / "home")
    program = Program(tmp_path, environ)
    yield program
    program.stop()


@pytest.fixture
def program(bare_program: Program, simulator: SimulatorProcess) -> Program:
    """The same with the simulator as its grok.com."""
    bare_program.environ["GROKDESK_UPSTREAM_WEB_URL"] = simulator.origin
    return bare_program
