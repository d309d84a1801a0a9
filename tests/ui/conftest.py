"""Async tests run in the desktop's own event loop, with the real services over memory."""

import asyncio
import gc
import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Modules of this folder (the stage and the desk) under their own names.
sys.path.insert(0, str(Path(__file__).parent))

import pytest
import shiboken6
from desk import Desk, bare_desk, delete_windows, full_desk, linked_desk

_OFFSCREEN_NOISE = (
    "This plugin does not support",
    "No such signal QPlatformNativeInterface::systemTrayWindowChanged",
)


def pytest_configure(config: pytest.Config) -> None:
    for words in _OFFSCREEN_NOISE:
        config.addinivalue_line("qt_log_ignore", words)


def pytest_collection_finish() -> None:
    """As the app itself does after its start: what is loaded stays, and is not searched again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def theme(qapp: Any) -> Iterator[Any]:
    from grokdesk.ui.theme import Theme

    made = Theme(qapp)
    yield made
    delete_windows(qapp)
    shiboken6.delete(made)


@pytest.fixture
def desk(qapp: Any, tmp_path: Path) -> Any:
    """A desk with an account in every state. Entered inside the test's loop."""
    return full_desk(qapp, tmp_path)


@pytest.fixture
def bare(qapp: Any, tmp_path: Path) -> Any:
    """A desk without accounts, keys or usage."""
    return bare_desk(qapp, tmp_path)


@pytest.fixture
def linked(qapp: Any, tmp_path: Path) -> Any:
    """A bare desk that can reach a simulated grok.com."""
    return linked_desk(qapp, tmp_path)


@pytest.fixture(autouse=True)
def _no_windows_left(request: pytest.FixtureRequest) -> Iterator[None]:
    if "qapp" not in request.fixturenames:
        yield
    else:
        from PySide6.QtCore import QLocale

        QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
        request.getfixturevalue("qapp").setQuitOnLastWindowClosed(False)
        yield
        delete_windows(request.getfixturevalue("qapp"))
        gc.collect()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    wanted = {"desk", "bare", "linked"} & set(pyfuncitem.fixturenames)
    if not wanted or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    from grokdesk.app import qtloop

    qtloop.run(pyfuncitem.funcargs["qapp"], _run(pyfuncitem, wanted.pop()))
    return True


async def _run(item: pytest.Function, name: str) -> None:
    names = inspect.signature(item.obj).parameters
    arguments = {name: value for name, value in item.funcargs.items() if name in names}
    async with item.funcargs[name] as opened:
        assert isinstance(opened, Desk)
        arguments[name] = opened
        async with asyncio.timeout(60):
            await item.obj(**arguments)
