"""What is done with API keys."""

from collections.abc import Awaitable, Callable, Sequence

from grokdesk.domain.apikey import ApiKey
from grokdesk.ui import text
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.key_row import name_of
from grokdesk.ui.widgets.info_bar import InfoBar


class KeyCommands:
    """What was done is seen in the table; only what cannot be undone is told, too."""

    def __init__(self, kit: Kit, info: InfoBar) -> None:
        self._kit = kit
        self._info = info

    def set_enabled(self, keys: Sequence[ApiKey], *, on: bool) -> None:
        service = self._kit.services.keys
        wanted = [key for key in keys if key.enabled is not on]
        self._kit.calls.run(
            self._for_each(wanted, lambda key: service.configure(key.id, enabled=on)),
            name="switch API keys",
            info=self._info,
        )

    def revoke(self, keys: Sequence[ApiKey]) -> None:
        service = self._kit.services.keys
        what = f"“{name_of(keys[0])}” was" if len(keys) == 1 else f"{len(keys)} API keys were"
        self._kit.calls.run(
            self._for_each(keys, lambda key: service.revoke(key.id)),
            name="revoke API keys",
            info=self._info,
            done=lambda _nothing: self._info.say(f"{what} revoked."),
        )

    async def _for_each(
        self, keys: Sequence[ApiKey], call: Callable[[ApiKey], Awaitable[object]]
    ) -> None:
        """The first that fails ends it, and is told; those that went meanwhile do not matter."""
        for key in keys:
            if any(known.id == key.id for known in self._kit.services.keys.list()):
                _ = await call(key)


def question(keys: Sequence[ApiKey]) -> tuple[str, str]:
    """Before keys are revoked: the title and the explanation."""
    one = len(keys) == 1
    named = f"“{name_of(keys[0])}”" if one else text.count(len(keys), "API key")
    it, its = ("it", "its") if one else ("them", "their")
    return (
        f"Revoke {named}?",
        f"Programs that use {it} are refused from now on. Answers that are still arriving with "
        f"{it} are cut off with an error, and responses stored with {it} are deleted. This cannot "
        f"be undone: switch {it} off instead if {its} programs may come back.",
    )
