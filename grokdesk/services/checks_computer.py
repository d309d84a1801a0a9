"""Checks of this computer: what Grokdesk keeps here, and where it listens."""

import platform
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from grokdesk import __version__
from grokdesk.kernel.clock import Clock
from grokdesk.services.accounts import AccountService
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.checking import Check, Details, Finding, Status, aside
from grokdesk.services.gateway import GatewayService, GatewayState
from grokdesk.services.ports import Vault
from grokdesk.settings.service import SettingsService
from grokdesk.store.db import Database
from grokdesk.store.examination import Examination, examine_file

_MB = 1_000_000
_TOO_LITTLE_BYTES = 50 * _MB
_LITTLE_BYTES = 500 * _MB
_READ_FOR_S = 8.0
_TOKENS_READ = 10
"""A keyring takes some 20 ms for each, and what holds for these holds for the others."""

_KEYRING_IS_LATE = "Look for a password prompt of the keyring, then try again."
_PLACES = {
    "keyring": "in the keyring of the system",
    "sealed": "sealed in the database",
    "memory": "in memory",
}


@dataclass(frozen=True, slots=True)
class Computer:
    """What the checks look at. The functions come from above: they know HTTP and the system."""

    settings: SettingsService
    database: Database
    data_dir: Path
    accounts: AccountService
    keys: ApiKeyService
    gateway: GatewayService
    clock: Clock
    vault: Vault
    vault_kind: Callable[[], Awaitable[str]]
    """keyring, sealed or memory; raises VaultLockedError."""
    file_notices: Sequence[str]
    """What could not be used of the user's settings, models and quotas."""
    find_port_holder: Callable[[int], str | None]
    """`name (pid)` of the program that listens on a port; blocks."""
    ask_health: Callable[[str, int], Awaitable[bool | None]]
    """Whether a Grokdesk answers there; None: nobody does."""


class ComputerChecks:
    """They work in the running program and, with what is stored, while none runs."""

    def __init__(self, computer: Computer) -> None:
        self._computer = computer

    def all(self) -> tuple[Check, ...]:
        return (
            Check("version", "Version", self.version),
            Check("settings", "Settings", self.settings),
            Check("vault", "Tokens", self.vault, late=_KEYRING_IS_LATE),
            Check("database", "Database", self.database),
            Check("port", "Endpoint", self.port),
            Check("keys", "API keys", self.keys),
        )

    async def version(self) -> Finding:
        details = {
            "grokdesk": __version__,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "system": f"{platform.system()} {platform.release()} {platform.machine()}".strip(),
        }
        return Finding(
            Status.OK,
            f"Grokdesk {__version__}, Python {details['python']}, {details['system']}.",
            details=details,
        )

    async def settings(self) -> Finding:
        notices = self._computer.file_notices
        waiting = sorted(self._computer.settings.pending_restart)
        if notices:
            return Finding(
                Status.WARN,
                " ".join(notices),
                "Correct it in the settings, or in the file that is named.",
            )
        if waiting:
            return Finding(
                Status.WARN,
                f"Changed, but in force only after a restart: {', '.join(waiting)}.",
                "Restart Grokdesk.",
            )
        return Finding(Status.OK, "All settings can be used.")

    async def vault(self) -> Finding:
        """Proves that tokens can be read. Without an account the keyring is left alone."""
        computer = self._computer
        stored = [account for account in computer.accounts.snapshot() if not account.demo]
        if not stored:
            return Finding(Status.SKIPPED, "No account is stored, so there is no token to keep.")
        kind = await computer.vault_kind()
        missing = [
            account.label
            for account in stored[:_TOKENS_READ]
            if await computer.vault.get(account.id) is None
        ]
        details: Details = {"vault": kind, "tokens": len(stored)}
        if missing:
            return Finding(
                Status.FAIL,
                f"The token of {_names(missing)} is gone.",
                "Import it again: the account gets its token back.",
                details,
            )
        where = _PLACES.get(kind, kind)
        if kind == "memory":
            return Finding(
                Status.WARN,
                f"Tokens are kept {where} and forgotten when Grokdesk ends.",
                "Let Grokdesk use the keyring of the system: accounts.vault = auto.",
                details,
            )
        return Finding(Status.OK, f"Tokens are kept {where} and can be read.", details=details)

    async def database(self) -> Finding:
        database = self._computer.database
        path = database.path
        if path is None:
            return Finding(Status.SKIPPED, "Nothing is saved in this mode.")
        if not database.saving or database.trouble:
            return Finding(
                Status.FAIL,
                database.trouble or database.notice or "Nothing can be saved.",
                "Make room on the disk, or give Grokdesk back the rights to its data folder.",
            )
        free = (await aside(partial(shutil.disk_usage, self._computer.data_dir))).free
        examination = await aside(partial(examine_file, path, self._timer(_READ_FOR_S)))
        return _judge(database, examination, free)

    async def port(self) -> Finding:
        computer = self._computer
        gateway = computer.gateway.snapshot()
        match gateway.state:
            case GatewayState.FAILED:
                return Finding(
                    Status.FAIL, gateway.error, "Choose another port, or end the other program."
                )
            case GatewayState.RUNNING | GatewayState.PAUSED:
                return await self._own_port(gateway.host, gateway.port, gateway.base_url)
            case _:
                settings = computer.settings.current.gateway
                return await self._future_port(settings.host, settings.port)

    async def keys(self) -> Finding:
        keys = self._computer.keys.list()
        usable = sum(key.enabled for key in keys)
        if usable:
            plural = "" if usable == 1 else "s"
            return Finding(Status.OK, f"{usable} API key{plural} can be used.")
        sentence = "All API keys are switched off." if keys else "There is no API key yet."
        return Finding(
            Status.FAIL if keys else Status.WARN,
            sentence,
            "Make one: grokdesk keys create --name NAME.",
        )

    async def _own_port(self, host: str, port: int, base_url: str) -> Finding:
        answers = await self._computer.ask_health(host, port)
        details = {"base_url": base_url}
        if not answers:
            return Finding(
                Status.FAIL,
                f"{base_url} does not answer, although Grokdesk listens there.",
                "Look for a firewall or a security program that blocks connections within this "
                "computer.",
                details,
            )
        if self._computer.gateway.snapshot().state is GatewayState.PAUSED:
            return Finding(
                Status.WARN, f"{base_url} is paused.", "Resume it from the tray menu.", details
            )
        exposed = self._computer.settings.current.gateway.is_exposed
        reach = " Other computers can reach it, too." if exposed else ""
        return Finding(Status.OK, f"{base_url} answers.{reach}", details=details)

    async def _future_port(self, host: str, port: int) -> Finding:
        """Nothing runs with this profile."""
        if port == 0:
            return Finding(Status.OK, "Grokdesk is not running; it will take any free port.")
        answers = await self._computer.ask_health(host, port)
        if answers:
            return Finding(
                Status.WARN,
                f"Another Grokdesk, with another profile, answers on port {port}.",
                "Choose another port for one of them: gateway.port.",
            )
        holder = await aside(partial(self._computer.find_port_holder, port))
        if holder is None and answers is None:
            return Finding(Status.OK, f"Grokdesk is not running; port {port} is free.")
        return Finding(
            Status.FAIL,
            f"Port {port} is used by {holder or 'another program'}.",
            "End that program, or choose another port: gateway.port.",
            {"holder": holder},
        )

    def _timer(self, seconds: float) -> Callable[[], bool]:
        clock = self._computer.clock
        end = clock.monotonic() + seconds
        return lambda: clock.monotonic() > end


def _judge(database: Database, examination: Examination, free_bytes: int) -> Finding:
    details = {
        "size_mb": round(examination.size_bytes / _MB, 1),
        "free_mb": free_bytes // _MB,
    }
    if not examination.is_sound:
        return Finding(
            Status.FAIL,
            "The database is damaged.",
            "Restart Grokdesk: it keeps the damaged file and saves what can be read of it.",
            details,
        )
    if free_bytes < _LITTLE_BYTES:
        status = Status.FAIL if free_bytes < _TOO_LITTLE_BYTES else Status.WARN
        return Finding(
            status, f"Only {_size(free_bytes)} are free on the disk.", "Make room.", details
        )
    if database.notice:
        return Finding(Status.WARN, database.notice, "Look whether anything is missing.", details)
    size = f"{_size(examination.size_bytes)}, {_size(free_bytes)} free on the disk"
    if not examination.is_complete:
        return Finding(
            Status.OK, f"Saving works; too large to be read whole ({size}).", "", details
        )
    return Finding(Status.OK, f"Sound, and saving works ({size}).", details=details)


def _size(count: int) -> str:
    if count < _MB:
        return f"{count / 1000:.0f} kB"
    return f"{count / _MB:.0f} MB" if count < 1000 * _MB else f"{count / (1000 * _MB):.0f} GB"


def _names(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{len(labels)} accounts"
