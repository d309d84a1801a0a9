"""Where tokens are kept: the OS keyring, sealed rows under a master key, or memory alone."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from grokdesk.store.vault_keyring import KeyringVault
from grokdesk.store.vault_memory import MemoryVault
from grokdesk.store.vault_sealed import SealedVault

LastingVault: TypeAlias = KeyringVault | SealedVault
Vault: TypeAlias = LastingVault | MemoryVault


async def move_tokens(
    source: Vault,
    target: LastingVault,
    account_ids: Sequence[str],
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Copy all, switch, then empty the source: at every moment one vault is complete.

    A crash or an error before the switch leaves the source in use, afterwards the target; what
    the other one still holds is removed by `recover`. `on_progress` gets (done, total).
    """
    for done, account_id in enumerate(account_ids, start=1):
        token = await source.get(account_id)
        if token is not None:
            await target.put(account_id, token)
        if on_progress is not None:
            on_progress(done, len(account_ids))
    await target.take_over(source.name)
    for account_id in account_ids:
        await source.delete(account_id)
