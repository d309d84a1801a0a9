"""The program as its users run it: separate processes, a folder of their own, real sockets."""

import contextlib
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

from tests.e2e.endpoint import Endpoint

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

    def last_prompt(self) -> dict[str, Any]:
        """Needs `keep_prompts`."""
        prompt: dict[str, Any] = self.stats()["prompts"][-1]
        return prompt

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


@contextlib.contextmanager
def running_simulator() -> Iterator[SimulatorProcess]:
    process = subprocess.Popen(
        [sys.executable, "-m", "grokdesk.simulator"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield SimulatorProcess(process, process.stdout.readline().strip())
    process.terminate()
    process.wait(10)
    process.stdout.close()


@contextlib.contextmanager
def fresh_profile(folder: Path) -> Iterator[Program]:
    """On a machine without a keyring and without a display."""
    hidden = ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
    environ = {k: v for k, v in os.environ.items() if k not in hidden}
    environ = {k: v for k, v in environ.items() if not k.startswith("GROKDESK_")}
    environ["GROKDESK_HOME"] = str(folder / "home")
    program = Program(folder, environ)
    yield program
    program.stop()


@pytest.fixture
def simulator() -> Iterator[SimulatorProcess]:
    with running_simulator() as simulator:
        yield simulator


@pytest.fixture
def bare_program(tmp_path: Path) -> Iterator[Program]:
    """A fresh profile on a machine without a keyring and without a display."""
    with fresh_profile(tmp_path) as program:
        yield program


@pytest.fixture
def program(bare_program: Program, simulator: SimulatorProcess) -> Program:
    """The same with the simulator as its grok.com."""
    bare_program.environ["GROKDESK_UPSTREAM_WEB_URL"] = simulator.origin
    return bare_program


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[SimulatorProcess]:
    with running_simulator() as simulator:
        simulator.script(enforce_quotas=False, keep_prompts=True)
        yield simulator


@pytest.fixture(scope="session")
def shared_program(
    tmp_path_factory: pytest.TempPathFactory, shared_simulator: SimulatorProcess
) -> Iterator[Program]:
    """One running gateway for all tests that only ask; they leave nothing behind in it."""
    with fresh_profile(tmp_path_factory.mktemp("shared")) as program:
        program.environ |= {
            "GROKDESK_UPSTREAM_WEB_URL": shared_simulator.origin,
            "GROKDESK_GATEWAY_ALLOWED_ORIGINS": "http://page.example",
            "GROKDESK_GATEWAY_HEARTBEAT_S": "1",
            "GROKDESK_MODELS_ALIASES": "claude-grok=grok-chat-fast",
            "GROKDESK_MODELS_LIST_ALIASES": "true",
        }
        tokens = "".join(f"contract-account-{number}-super\n" for number in range(3))
        program.run("accounts", "import", "-", stdin=tokens)
        program.serve()
        yield program


@pytest.fixture(scope="session")
def endpoint(shared_program: Program) -> Endpoint:
    return Endpoint.at(shared_program.base_url, shared_program.key("contract"))
