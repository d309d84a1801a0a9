"""Signals while Qt waits: Python handles one only after a byte in a socket has ended the wait."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def signals_end_the_wait(
    wakeup_fd: int, on_ctrl_c: Callable[[], None], keeps_wakeup_fd: Callable[[], bool]
) -> Iterator[None]:
    """Ctrl-C must not raise where it happens to arrive: in a slot, PySide would swallow it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous_fd = let_signals_wake(wakeup_fd)
    raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def on_sigint(_signum: int, _frame: object) -> None:
        on_ctrl_c()

    if raises:
        signal.signal(signal.SIGINT, on_sigint)
    try:
        yield
    finally:
        if raises and signal.getsignal(signal.SIGINT) is on_sigint:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if not keeps_wakeup_fd():
            signal.set_wakeup_fd(-1 if previous_fd == wakeup_fd else previous_fd)


def let_signals_wake(fd: int) -> int:
    """Returns the descriptor that was woken before."""
    return signal.set_wakeup_fd(fd, warn_on_full_buffer=False)
