"""A real Secret Service of its own: a private D-Bus daemon and an unlocked GNOME keyring."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

secretstorage = pytest.importorskip("secretstorage", reason="the Secret Service is Linux's")

MISSING = [name for name in ("dbus-daemon", "gnome-keyring-daemon") if not shutil.which(name)]
REASON = f"not installed: {', '.join(MISSING)}"

_START_S = 15.0
_DAEMON = ("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")

# Without service folders: the bus must not start a second, locked keyring by itself.
_BUS = """<busconfig>
  <type>session</type>
  <listen>{address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class SecretService:
    """Use as a context manager; `environ` is what a client process needs to see it."""

    def __init__(self) -> None:
        # A short path: the bus address has to fit into a socket's 107 bytes.
        self._folder = Path(tempfile.mkdtemp(prefix="gd-keyring-"))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep_up, name="keyring-keeper", daemon=True)
        for name in ("home", "run"):
            (self._folder / name).mkdir(mode=0o700)
        self.address = f"unix:path={self._folder}/bus"
        self.environ = {
            **{name: value for name, value in os.environ.items() if name != "DISPLAY"},
            "HOME": str(self._folder / "home"),
            "XDG_DATA_HOME": str(self._folder / "home/data"),
            "XDG_CONFIG_HOME": str(self._folder / "home/config"),
            "XDG_RUNTIME_DIR": str(self._folder / "run"),
            "DBUS_SESSION_BUS_ADDRESS": self.address,
        }

    @property
    def files(self) -> Path:
        """Where the keyring keeps what it stores."""
        return self._folder / "home"

    def __enter__(self) -> "SecretService":
        try:
            config = self._folder / "bus.conf"
            config.write_text(_BUS.format(address=self.address))
            self._start("dbus-daemon", "--nofork", f"--config-file={config}")
            self._wait(lambda: (self._folder / "bus").exists())
            self._start(*_DAEMON, stdin=b"a password")
            self._wait(self._answers)
            self._keeper.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stopping.set()
        if self._keeper.is_alive():
            self._keeper.join()
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        self._processes.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def lock(self) -> None:
        with self._connection() as connection:
            secretstorage.get_default_collection(connection).lock()

    def items(self, service: str) -> dict[str, str]:
        """Every secret under this service name, by user name."""
        with self._connection() as connection:
            found = secretstorage.search_items(connection, {"service": service})
            return {item.get_attributes()["username"]: item.get_secret().decode() for item in found}

    def _start(self, *command: str, stdin: bytes = b"") -> None:
        """What the process is to read lies in a file: no pipe to fill, flush and close."""
        said = self._folder / "stdin"
        said.write_bytes(stdin)
        with said.open("rb") as readable:
            process = subprocess.Popen(
                command,
                env=self.environ,
                stdin=readable,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._processes.append(process)

    def _keep_up(self) -> None:
        """As a D-Bus does: the daemon (42.1) aborts now and then when its clients are killed."""
        while not self._stopping.wait(0.05):
            if self._processes[-1].poll() is not None:
                self._start(*_DAEMON, stdin=b"a password")

    def _wait(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_S
        while not done():
            assert time.monotonic() < deadline, "the private Secret Service did not start"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with self._connection() as connection:
                if not secretstorage.check_service_availability(connection):
                    return False
                return not secretstorage.get_default_collection(connection).is_locked()
        except secretstorage.exceptions.SecretStorageException:
            return False

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Any]:
        from jeepney.io.blocking import open_dbus_connection

        with contextlib.closing(open_dbus_connection(self.address)) as connection:
            yield connection
