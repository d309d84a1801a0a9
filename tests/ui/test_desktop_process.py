"""The desktop app as a process on a display of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import openai
import psutil
import pytest

ROOT = Path(__file__).parents[2]
_STARTS_WITHIN_S = 25.0

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb is not installed"),
]


@dataclass
class Desktop:
    environ: dict[str, str]
    home: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def launch(self, *arguments: str) -> subprocess.Popen[str]:
        log = (self.home / f"stderr-{len(self.processes)}.txt").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "grokdesk", *arguments],
            cwd=ROOT,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        self.processes.append(process)
        return process

    def started(self, *arguments: str) -> tuple[subprocess.Popen[str], str]:
        """The process and its base URL, once it has said where it listens."""
        process = self.launch(*arguments)
        assert process.stdout is not None
        base_url = ""
        for line in process.stdout:
            if line.split()[:1] == ["Endpoint"]:
                base_url = line.split()[1]
            if line.startswith("curl "):
                return process, base_url
        raise AssertionError(f"it ended with {process.wait()}: {self.errors()}")

    def errors(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.home.glob("stderr-*.txt")))


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as said:
        number = said.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.fixture
def desktop(display: str, tmp_path: Path) -> Iterator[Desktop]:
    hidden = ("DBUS_SESSION_BUS_ADDRESS", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "QT_QPA_PLATFORM")
    environ = {k: v for k, v in os.environ.items() if k not in hidden and "GROKDESK" not in k}
    environ |= {"DISPLAY": display, "GROKDESK_HOME": str(tmp_path / "home"), "LC_ALL": "C.UTF-8"}
    desktop = Desktop(environ, tmp_path)
    yield desktop
    for process in desktop.processes:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def health(base_url: str) -> dict[str, object]:
    with urllib.request.urlopen(base_url.removesuffix("/v1") + "/health", timeout=5) as reply:
        return json.loads(reply.read())


def wait_for_status(desktop: Desktop) -> dict[str, object]:
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline:
        status = subprocess.run(
            [sys.executable, "-m", "grokdesk", "status", "--json"],
            cwd=ROOT,
            env=desktop.environ,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if status.returncode == 0:
            return json.loads(status.stdout)
    raise AssertionError(f"it never ran: {desktop.errors()}")


def test_it_serves_and_a_second_launch_only_raises_it(desktop: Desktop) -> None:
    first, base_url = desktop.started("--port", "0")
    assert health(base_url)["mode"] == "demo"
    second = desktop.launch("--port", "0")
    assert second.wait(_STARTS_WITHIN_S) == 0
    assert "already running" in desktop.errors()
    assert first.poll() is None
    assert health(base_url)["status"] == "ok"


def test_the_official_sdk_streams_from_it_in_parallel(desktop: Desktop) -> None:
    _, base_url = desktop.started("--port", "0")
    key = subprocess.run(
        [sys.executable, "-m", "grokdesk", "keys", "create", "--name", "sdk"],
        cwd=ROOT,
        env=desktop.environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    ).stdout.strip()

    def ask(number: int) -> str:
        with openai.OpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=30) as client:
            stream = client.chat.completions.create(
                model="grok-chat-fast",
                messages=[{"role": "user", "content": f"!say number {number}"}],
                stream=True,
            )
            return "".join(chunk.choices[0].delta.content or "" for chunk in stream)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert all(answers)


def test_a_signal_ends_it_in_order(desktop: Desktop) -> None:
    process, _ = desktop.started("--port", "0", "--minimized")
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert time.monotonic() - started < 5
    assert "Traceback" not in desktop.errors()


def test_a_taken_port_leaves_the_window_open_with_the_problem_told(desktop: Desktop) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        process = desktop.launch("--port", str(holder.getsockname()[1]))
        told = wait_for_status(desktop)
        assert told["state"] == "failed"
        assert "already in use" in str(told["error"])
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_without_a_display_it_says_what_to_do_instead(desktop: Desktop) -> None:
    del desktop.environ["DISPLAY"]
    process = desktop.launch()
    assert process.wait(_STARTS_WITHIN_S) == 1
    assert "grokdesk serve" in desktop.errors()
    assert "Traceback" not in desktop.errors()


@pytest.mark.alone
def test_an_idle_app_hardly_uses_the_processor(desktop: Desktop) -> None:
    process, _ = desktop.started("--port", "0", "--minimized")
    time.sleep(3)
    times = psutil.Process(process.pid).cpu_times
    before = times()
    time.sleep(4)
    after = times()
    used = after.user + after.system - before.user - before.system
    assert used < 0.4, f"{used:.2f} s of 4 s; the target is 0.5 % of a core"
