"""`grokdesk --selftest`: is this installation whole? Offline, in a folder of its own."""

import asyncio
import importlib
import json
import sys
import tempfile
import urllib.request
from pathlib import Path

from grokdesk import __version__
from grokdesk.kernel.paths import Paths

_TIMEOUT_S = 20.0
_LIBRARIES = ("aiohttp", "cryptography", "curl_cffi", "keyring", "msgspec", "peewee", "tomlkit")
_DESKTOP = ("PySide6.QtWidgets", "PySide6.QtSvg", "qasync", "grokdesk.ui.application")


def run_selftest() -> int:
    """0 when every check passed; one line per check on stdout."""
    print(f"Grokdesk {__version__}, Python {sys.version.split()[0]}")  # noqa: T201
    passed = True
    for name, check in (
        ("libraries", _check_libraries),
        ("windows", _check_windows),
        ("endpoint", _check_endpoint),
    ):
        try:
            detail = asyncio.run(asyncio.wait_for(check(), _TIMEOUT_S))
        except Exception as error:  # noqa: BLE001 - a border: each failure is a line of the report
            passed = False
            print(f"FAIL {name}: {type(error).__name__}: {error}")  # noqa: T201
        else:
            print(f"ok   {name}: {detail}")  # noqa: T201
    return 0 if passed else 1


async def _check_libraries() -> str:
    for name in _LIBRARIES:
        importlib.import_module(name)
    import sqlite3

    return f"{len(_LIBRARIES)} loaded, SQLite {sqlite3.sqlite_version}"


async def _check_windows() -> str:
    try:
        importlib.import_module("PySide6")
    except ModuleNotFoundError:
        return "not part of this installation"
    for name in _DESKTOP:
        importlib.import_module(name)
    from PySide6.QtCore import qVersion

    return f"Qt {qVersion()}"


async def _check_endpoint() -> str:
    """A streamed and a plain answer through everything but grok.com."""
    from grokdesk.app.core import CoreOptions, running_core

    with tempfile.TemporaryDirectory(prefix="grokdesk-selftest-") as folder:
        paths = Paths.for_profile(None, {"GROKDESK_HOME": folder})
        paths.ensure()
        environ = {"GROKDESK_HOME": folder}
        async with running_core(CoreOptions(paths, port=0, demo=True, environ=environ)) as core:
            base_url = core.services.gateway.snapshot().base_url
            key = core.services.keys.fresh or ""
            answer = await _ask(base_url, key, stream=False)
            text = json.loads(answer)["choices"][0]["message"]["content"]
            if not text:
                raise RuntimeError("the answer was empty")
            stream = await _ask(base_url, key, stream=True)
            if not stream.rstrip().endswith("data: [DONE]"):
                raise RuntimeError("the streamed answer did not end properly")
        if leftovers := _private_leak(Path(folder), key):
            raise RuntimeError(f"the API key was found in {leftovers}")
    return f"{len(text)} characters, and {stream.count('data: ')} events streamed"


async def _ask(base_url: str, key: str, *, stream: bool) -> str:
    question = {"role": "user", "content": "Hello"}
    body = {"model": "grok-chat-fast", "messages": [question], "stream": stream}
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{base_url}/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask() -> str:
        with opener.open(request, timeout=_TIMEOUT_S) as response:
            return str(response.read().decode())

    return await asyncio.to_thread(ask)


def _private_leak(folder: Path, secret: str) -> str:
    for path in folder.rglob("*"):
        if path.is_file() and secret.encode() in path.read_bytes():
            return path.name
    return ""
