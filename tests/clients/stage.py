"""`grokdesk serve` as a process on a simulator in another one: what the clients are pointed at."""

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients import places

ROOT = Path(__file__).parents[2]

MODEL = "grok-chat-fast"
ACCOUNTS = "\n".join(f"client-account-{number}-super" for number in range(1, 4))

_ENDS_WITHIN_S = 10


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a client finds Grokdesk, and what the model behind it says."""

    base_url: str
    key: str
    simulator: str

    @property
    def root_url(self) -> str:
        """For clients that add `/v1` themselves."""
        return self.base_url.removesuffix("/v1")

    def script(self, **changes: Any) -> None:
        self._ask("/_simulator/script", json.dumps(changes).encode())

    def prompts(self) -> list[str]:
        """Every prompt that reached upstream since the stage was set."""
        return [each["text"] for each in self._received()]

    def last_attachments(self) -> list[str]:
        """The ids of the files that were with the last prompt."""
        return self._received()[-1]["attachments"]

    def fetch(self, path: str) -> bytes:
        """What Grokdesk answers to a GET."""
        request = urllib.request.Request(self.root_url + path)
        request.add_header("Authorization", f"Bearer {self.key}")
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.read()

    def _received(self) -> list[dict[str, Any]]:
        return json.loads(self._ask("/_simulator/stats"))["prompts"]

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(self.simulator + path, data=body)
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.read()


@contextmanager
def open_stage(folder: Path, **settings: str) -> Iterator[Stage]:
    """`settings` are `section_key`, as in the environment."""
    environ = {
        **_bare_environ(),
        "GROKDESK_HOME": str(folder / "profile"),
        "GROKDESK_MODELS_ALIASES": f"claude-*={MODEL}",
        **{f"GROKDESK_{name.upper()}": value for name, value in settings.items()},
    }
    with ExitStack() as stack:
        lines = stack.enter_context(_process([], "grokdesk.simulator", environ, folder))
        origin = next(lines).strip()
        environ["GROKDESK_UPSTREAM_WEB_URL"] = origin
        _grokdesk(["accounts", "import", "-"], environ, stdin=ACCOUNTS)
        key = _grokdesk(["keys", "create", "--name", "clients"], environ).strip()
        lines = stack.enter_context(_process(["serve", "--port", "0"], "grokdesk", environ, folder))
        base_url = next(words[1] for words in map(str.split, lines) if words[:1] == ["Endpoint"])
        next(line for line in lines if line.startswith("curl "))  # the last thing that it prints
        stage = Stage(base_url, key, origin)
        stage.script(enforce_quotas=False, keep_prompts=True)
        yield stage


def _grokdesk(arguments: Sequence[str], environ: Mapping[str, str], stdin: str = "") -> str:
    result = subprocess.run(
        [places.GROKDESK_PYTHON, "-m", "grokdesk", *arguments],
        cwd=ROOT,
        env=environ,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, (result.args, result.stdout, result.stderr)
    return result.stdout


@contextmanager
def _process(
    arguments: Sequence[str], module: str, environ: Mapping[str, str], folder: Path
) -> Iterator[Iterator[str]]:
    """The lines that it prints; it is asked to end when the block does."""
    log = folder / f"{module}.txt"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [places.GROKDESK_PYTHON, "-m", module, *arguments],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert process.stdout is not None
    try:
        yield iter(process.stdout.readline, "")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _bare_environ() -> dict[str, str]:
    """A machine without a keyring, a display and settings of its user."""
    hidden = ("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
    return {
        name: value
        for name, value in os.environ.items()
        if name not in hidden and not name.startswith("GROKDESK_")
    }
