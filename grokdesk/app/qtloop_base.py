"""The class under our loops: a qasync event loop by type, asyncio's own methods in use."""

import asyncio
import collections
import inspect
import os
import socket
import sys
from collections.abc import Callable
from contextvars import Context
from types import ModuleType
from typing import TYPE_CHECKING, Any

import PySide6.QtCore  # noqa: F401 - qasync takes the Qt binding that is loaded already


def _import_qasync() -> ModuleType:
    # qasync obeys QT_API: a value exported for another program would make it look for PyQt.
    exported = os.environ.pop("QT_API", None)
    try:
        import qasync
    finally:
        if exported is not None:
            os.environ["QT_API"] = exported
    return qasync


def _asyncio_methods(loop_class: type) -> dict[str, Any]:
    """What qasync's generic half overrides, as asyncio's own loop of this platform has it.

    The Windows half of qasync (completions handed over by a poller thread) is left as it is.
    """
    if sys.platform == "win32":
        native: type = asyncio.ProactorEventLoop
    else:
        native = asyncio.SelectorEventLoop
    overridden = {
        name
        for base in loop_class.__mro__
        if base.__module__ == "qasync"
        for name in vars(base)
        if name == "__init__" or not name.startswith("__")
    }
    return {
        name: inspect.getattr_static(native, name) for name in overridden if hasattr(native, name)
    }


if TYPE_CHECKING:

    class AsyncioByQasync(asyncio.SelectorEventLoop):
        """What typeshed does not tell of asyncio's loops."""

        _ready: collections.deque[asyncio.Handle]
        _scheduled: list[asyncio.TimerHandle]
        _current_handle: asyncio.Handle | None
        _stopping: bool
        _csock: socket.socket
        _proactor: Any
        _signal_handlers: dict[int, asyncio.Handle]

        def __init__(self, selector: Any) -> None: ...
        def _call_soon(
            self, callback: Callable[..., object], args: Any, context: Context | None
        ) -> asyncio.Handle: ...
        def _run_once(self) -> None: ...
        def _write_to_self(self) -> None: ...

else:
    qasync = _import_qasync()
    AsyncioByQasync = type(
        "AsyncioByQasync", (qasync.QEventLoop,), _asyncio_methods(qasync.QEventLoop)
    )
