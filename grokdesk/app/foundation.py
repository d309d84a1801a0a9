"""What everything else stands on: settings, catalog, database, vault. Opened first, closed last."""

import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

from grokdesk.app.lazy_vault import LazyVault
from grokdesk.app.options import CoreOptions
from grokdesk.app.resources import resource_text
from grokdesk.domain.catalog import ModelCatalog
from grokdesk.domain.tiers import TierTable
from grokdesk.kernel.bus import EventBus
from grokdesk.kernel.clock import Clock, SystemClock
from grokdesk.kernel.tasks import TaskSupervisor
from grokdesk.settings.catalog import load_catalog
from grokdesk.settings.service import SettingsService
from grokdesk.settings.tiers import load_tiers
from grokdesk.store.choose import VaultChooser
from grokdesk.store.db import Database
from grokdesk.store.os_keyring import OsKeyring

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Foundation:
    """`notices` are sentences that a person should read; `file_notices` those about files of the
    user that cannot be used. A `sandbox` keeps nothing.
    """

    clock: Clock
    bus: EventBus
    tasks: TaskSupervisor
    settings: SettingsService
    catalog: ModelCatalog
    tiers: TierTable
    database: Database
    vault: LazyVault
    sandbox: bool
    notices: list[str]
    file_notices: tuple[str, ...]


@contextlib.asynccontextmanager
async def open_foundation(options: CoreOptions) -> AsyncIterator[Foundation]:
    """Raise SettingsError for settings that cannot be used at all."""
    clock, bus, tasks = SystemClock(), EventBus(), TaskSupervisor()
    settings = SettingsService(options.paths.settings_file, options.environ, options.overrides, bus)
    settings.load()
    options.set_log_level(settings.current.logs.level)
    sandbox = settings.current.gateway.demo == "always"
    catalog, catalog_notices = load_catalog(resource_text("models.toml"), options.paths.models_file)
    tiers, tier_notices = load_tiers(
        resource_text("quota.toml"), options.paths.config_dir / "quota.toml"
    )
    file_notices = (*settings.notices, *catalog_notices, *tier_notices)
    notices = list(file_notices)
    async with contextlib.AsyncExitStack() as stack:
        database = Database(None if sandbox else options.paths.database_file)
        await database.open()
        stack.push_async_callback(database.close)
        if database.notice:
            notices.append(database.notice)
        stack.push_async_callback(tasks.stop)
        vault = _new_vault(options, settings, database, notices, sandbox=sandbox)
        yield Foundation(
            clock,
            bus,
            tasks,
            settings,
            catalog,
            tiers,
            database,
            vault,
            sandbox,
            notices,
            file_notices,
        )


def _new_vault(
    options: CoreOptions,
    settings: SettingsService,
    database: Database,
    notices: list[str],
    *,
    sandbox: bool,
) -> LazyVault:
    def tell(notice: str) -> None:
        if not sandbox:
            notices.append(notice)
            _log.info("%s", notice)

    chooser = VaultChooser(
        database,
        data_dir=options.paths.data_dir,
        allow_key_file=options.allow_key_file,
        keyring=OsKeyring(_keyring_service(options.profile)),
        environ=options.environ,
    )
    return LazyVault(chooser, "memory" if sandbox else settings.current.accounts.vault, tell)


def _keyring_service(profile: str | None) -> str:
    return f"Grokdesk ({profile})" if profile else "Grokdesk"
