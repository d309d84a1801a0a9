"""The settings in force: read at start, changed as a whole or not at all, watched on the disk."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from grokdesk.domain.errors import GrokdeskError, SettingsError
from grokdesk.domain.events import SettingsChanged
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.redaction import redact
from grokdesk.settings.declaration import Declaration, Value
from grokdesk.settings.environment import read_environment
from grokdesk.settings.file import Reading, SettingsFile
from grokdesk.settings.layers import Layers, Source
from grokdesk.settings.model import DECLARATIONS, Settings, declaration_of

_log = logging.getLogger(__name__)

Applier: TypeAlias = Callable[[Settings, Settings], Awaitable[None]]
"""Called with the old and the new settings. It brings them into effect or raises and leaves things
as they were; to undo what it did it is called once more, the other way round."""

Safekeeper: TypeAlias = Callable[[str], Awaitable[str]]
"""Puts what is secret in a value where it is safe, and returns what may be written down."""


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One setting with everything that a page, the manual or `config explain` shows of it."""

    key: str
    value: Value
    default: Value
    source: Source
    doc: str
    unit: str
    choices: tuple[str, ...]
    needs_restart: bool
    pinned_by: str
    """The variable or flag that keeps it from being changed here; empty: it can be."""


class SettingsService:
    """`load` first. Afterwards used on the loop's thread only."""

    def __init__(
        self,
        file: Path,
        environ: Mapping[str, str],
        overrides: Mapping[str, object],
        bus: EventBus,
    ) -> None:
        self.current = Settings()
        self.notices: tuple[str, ...] = ()
        """Sentences about what could not be used, for the user to see."""
        self._file = SettingsFile(file)
        self._environ = environ
        self._overrides = overrides
        self._bus = bus
        self._layers = Layers()
        self._rejected: frozenset[str] = frozenset()
        self._at_start = self.current
        self._appliers: list[Applier] = []
        self._safekeepers: dict[str, Safekeeper] = {}
        self._lock = asyncio.Lock()

    def load(self) -> Settings:
        """Read all layers, at start. Only a bad variable or flag is a SettingsError."""
        flags = {
            key: declaration_of(key).accept(raw, called=f"The option for {key}")
            for key, raw in self._overrides.items()
        }
        environment = read_environment(self._environ)
        reading = self._file.open()
        self._layers = Layers(flags, environment, reading.values)
        self.current = self._at_start = self._layers.settings()
        self._rejected = reading.rejected
        self.notices = reading.notices
        for notice in reading.notices:
            _log.warning("%s", notice)
        return self.current

    def add_applier(self, applier: Applier) -> None:
        """Appliers run in the order in which they were added."""
        self._appliers.append(applier)

    def add_safekeeper(self, key: str, keep: Safekeeper) -> None:
        """`keep` sees each value of `key` before it is written down."""
        self._safekeepers[key] = keep

    async def put_secrets_away(self) -> None:
        """At start: out of the file with the secrets that somebody wrote into it."""
        async with self._lock:
            await self._put_secrets_away()

    async def update(self, patch: Mapping[str, object]) -> Settings:
        """Bring the values into force and write them down; None resets one to its default.

        Whatever raises (a bad value, an applier, the disk), the old settings stay in force.
        """
        async with self._lock:
            await self._absorb()
            changes = await self._without_secrets(self._accepted(patch))
            if changes:
                await self._switch(self._with_changes(changes), changes)
            return self.current

    async def watch(self, interval_s: float = 1.0) -> None:
        """Take in edits made outside, for ever: run it as a supervised task.

        A file counts once two looks in a row find it the same: its editor has finished then.
        """
        taken = seen = None
        while True:
            await asyncio.sleep(interval_s)
            signature = await asyncio.to_thread(self._file.signature)
            if signature == seen and signature != taken:
                async with self._lock:
                    await self._absorb()
                taken = signature
            seen = signature

    def explain(self, key: str) -> tuple[Value, Source]:
        """The value in force, passwords masked, and which layer it comes from."""
        value, source = self._layers.explain(declaration_of(key).key)
        return _public(value), source

    def describe(self) -> tuple[SettingInfo, ...]:
        return tuple(self._info(declaration) for declaration in DECLARATIONS.values())

    @property
    def pending_restart(self) -> frozenset[str]:
        """Keys that were changed but take effect at the next start."""
        changed = self._at_start.differences(self.current)
        return frozenset(key for key in changed if DECLARATIONS[key].setting.needs_restart)

    def _accepted(self, patch: Mapping[str, object]) -> dict[str, Value | None]:
        """What of the patch is a change. SettingsError for a bad or pinned one."""
        changes: dict[str, Value | None] = {}
        for key, raw in patch.items():
            declaration = declaration_of(key)
            value = None if raw is None else declaration.accept(raw)
            if not self._is_change(key, value):
                continue
            if pin := self._layers.pinned_by(key):
                raise SettingsError(key, f"{key} is set by {pin} and can only be changed there.")
            changes[key] = value
        return changes

    async def _without_secrets(
        self, changes: Mapping[str, Value | None]
    ) -> dict[str, Value | None]:
        safe = dict(changes)
        for key, keep in self._safekeepers.items():
            if isinstance(value := safe.get(key), str):
                safe[key] = await keep(value)
        return safe

    async def _put_secrets_away(self) -> None:
        file = self._layers.file
        given = {key: file[key] for key in self._safekeepers if key in file}
        try:
            safe = await self._without_secrets(given)
            changes = {key: value for key, value in safe.items() if value != given[key]}
            if changes:
                await self._switch(self._with_changes(changes), changes)
        except (GrokdeskError, OSError) as error:
            names = " and ".join(given)
            self._notify((f"A password in {names} stays in settings.toml for now: {error}",))

    def _is_change(self, key: str, value: Value | None) -> bool:
        if key in self._rejected:
            return True
        return key in self._layers.file if value is None else value != self.current.value(key)

    def _with_changes(self, changes: Mapping[str, Value | None]) -> Layers:
        merged = {**self._layers.file, **changes}
        return self._layers.with_file(
            {key: value for key, value in merged.items() if value is not None}
        )

    async def _absorb(self) -> None:
        """Take in what was edited outside; what is wrong with it becomes a notice."""
        try:
            reading = await asyncio.to_thread(self._file.reread)
            if reading is not None:
                await self._take_in(reading)
                await self._put_secrets_away()
        except (GrokdeskError, OSError) as error:
            reason = str(error).rstrip(".")
            self._notify((f"The edit of settings.toml is not in force: {reason}.",))

    async def _take_in(self, reading: Reading) -> None:
        kept = {key: self._layers.file[key] for key in reading.rejected & self._layers.file.keys()}
        await self._switch(self._layers.with_file({**kept, **reading.values}), {})
        self._rejected = reading.rejected
        self._notify(reading.notices)

    def _notify(self, notices: tuple[str, ...]) -> None:
        if notices != self.notices:
            self.notices = notices
            self._bus.publish(SettingsChanged(frozenset()))
        for notice in notices:
            _log.warning("%s", notice)

    async def _switch(self, layers: Layers, changes: Mapping[str, Value | None]) -> None:
        """All appliers and the file, or none of them; then the swap."""
        old, new = self.current, layers.settings()
        changed = old.differences(new)
        interrupted = False
        async with AsyncExitStack() as undo:
            for applier in self._appliers if changed else ():
                await applier(old, new)
                undo.push_async_callback(applier, new, old)
            if changes:
                interrupted = await self._save(changes)
            undo.pop_all()
        self.current, self._layers = new, layers
        if keys := changed | changes.keys():
            self._bus.publish(SettingsChanged(frozenset(keys)))
        if interrupted:
            raise asyncio.CancelledError

    async def _save(self, changes: Mapping[str, Value | None]) -> bool:
        """True: cancelled meanwhile. The disk is waited for all the same, so that the file and the
        settings in force do not part."""
        loop = asyncio.get_running_loop()
        saving = loop.run_in_executor(None, self._file.save, changes)
        interrupted = await _outlast(saving)
        try:
            reading = saving.result()
        except OSError as error:
            raise SettingsError(
                "", f"The settings cannot be saved: {error.strerror or error}."
            ) from error
        self._rejected, self.notices = reading.rejected, reading.notices
        return interrupted

    def _info(self, declaration: Declaration) -> SettingInfo:
        value, source = self.explain(declaration.key)
        return SettingInfo(
            key=declaration.key,
            value=value,
            default=declaration.default,
            source=source,
            doc=declaration.setting.doc,
            unit=declaration.setting.unit,
            choices=declaration.choices,
            needs_restart=declaration.setting.needs_restart,
            pinned_by=self._layers.pinned_by(declaration.key),
        )


def _public(value: Value) -> Value:
    return redact(value) if isinstance(value, str) else value


async def _outlast(future: asyncio.Future[Any]) -> bool:
    """Wait for the end even when cancelled; whether that was asked for."""
    interrupted = False
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            interrupted = True
    return interrupted
