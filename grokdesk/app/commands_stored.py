"""The commands about what is stored: they run without the client of grok.com."""

from collections.abc import Awaitable, Callable
from typing import Any

from grokdesk.app import commands_accounts, commands_keys
from grokdesk.app.control_client import Progress
from grokdesk.app.stored import Stored

StoredCommand = Callable[[Stored, dict[str, Any], Progress], Awaitable[dict[str, Any]]]

STORED_COMMANDS: dict[str, StoredCommand] = {
    "accounts.list": commands_accounts.list_accounts,
    "accounts.remove": commands_accounts.remove_accounts,
    "accounts.set": commands_accounts.set_account,
    "keys.create": commands_keys.create_key,
    "keys.list": commands_keys.list_keys,
    "keys.revoke": commands_keys.revoke_key,
    "keys.set": commands_keys.set_key,
    "keys.show": commands_keys.show_key,
}
