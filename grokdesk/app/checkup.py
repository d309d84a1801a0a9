"""Builds the check-up, and lends it what the layers above it know: HTTP and the system."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from pathlib import Path

from grokdesk.app.lazy_vault import LazyVault
from grokdesk.app.wake import LocalNetwork
from grokdesk.gateway.portholder import find_port_holder
from grokdesk.kernel.clock import Clock
from grokdesk.services.accounts import AccountService
from grokdesk.services.apikeys import ApiKeyService
from grokdesk.services.checks_computer import Computer
from grokdesk.services.checks_upstream import Outside, Reach
from grokdesk.services.diagnostics import DiagnosticsService
from grokdesk.services.egress import EgressService
from grokdesk.services.gateway import GatewayService
from grokdesk.services.health import UpstreamHealth
from grokdesk.settings.service import SettingsService
from grokdesk.store.db import Database

_HEALTH_S = 3.0
_ANSWER_LIMIT = 64_000


def new_diagnostics(
    *,
    settings: SettingsService,
    database: Database,
    data_dir: Path,
    accounts: AccountService,
    keys: ApiKeyService,
    gateway: GatewayService,
    health: UpstreamHealth,
    egress: EgressService,
    vault: LazyVault,
    clock: Clock,
    file_notices: Sequence[str],
    sandbox: bool,
) -> DiagnosticsService:
    """`file_notices`: what could not be used of the user's files; `sandbox`: nothing is sent out
    and nothing saved."""

    async def vault_kind() -> str:
        return (await vault.opened()).name

    async def reach() -> Reach:
        checked = await egress.test()
        return Reach(checked.error, checked.server_time, checked.proxy)

    return DiagnosticsService(
        Computer(
            settings=settings,
            database=database,
            data_dir=data_dir,
            accounts=accounts,
            keys=keys,
            gateway=gateway,
            clock=clock,
            vault=vault,
            vault_kind=vault_kind,
            file_notices=file_notices,
            find_port_holder=find_port_holder,
            ask_health=ask_health,
        ),
        Outside(
            web_url=lambda: settings.current.upstream.web_url,
            reach=reach,
            is_online=lambda: bool(LocalNetwork().routes()),
            health=health,
            clock=clock,
            is_offline_demo=sandbox,
        ),
    )


async def ask_health(host: str, port: int) -> bool | None:
    """Whether a Grokdesk answers there; None: nobody listens."""
    try:
        async with asyncio.timeout(_HEALTH_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                return _is_health(await _get(reader, writer, host, port))
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError:
        return False
    except ConnectionRefusedError:
        return None
    except OSError:
        return False


async def _get(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
) -> bytes:
    name = f"[{host}]" if ":" in host else host
    request = f"GET /health HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())
    await writer.drain()
    return await reader.read(_ANSWER_LIMIT)


def _is_health(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        return False
    with contextlib.suppress(ValueError):
        health = json.loads(body)
        return isinstance(health, dict) and {"version", "mode", "accounts"} <= health.keys()
    return False
