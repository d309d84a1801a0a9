"""The API key of the overview: masked, revealed for a moment, or only its end."""

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from grokdesk.domain.apikey import ApiKey
from grokdesk.ui.kit import Kit
from grokdesk.ui.tokens import SMALL
from grokdesk.ui.widgets.buttons import CopyButton, make_button
from grokdesk.ui.widgets.fields import ValueField
from grokdesk.ui.widgets.labels import set_plain_tooltip
from grokdesk.ui.widgets.looks import row

_REVEALED_FOR_MS = 20_000
_DOTS = "•" * 24


class KeyField(QWidget):
    """A key's text exists only right after it was made; later there is nothing to reveal."""

    def __init__(
        self, kit: Kit, on_new: Callable[[], object], on_all: Callable[[], object]
    ) -> None:
        super().__init__()
        self._kit = kit
        self._shown = False
        self._reveal = make_button(
            "", kit.icons, "eye", kind="icon", name="Show the key", clicked=self._toggle
        )
        self._copy = CopyButton(
            kit.clipboard, kit.icons, lambda: kit.services.keys.fresh, what="API key", secret=True
        )
        self.new = make_button("New key…", kit.icons, "plus", kind="fold", clicked=on_new)
        self.all = make_button("All keys", kind="fold", name="All API keys", clicked=on_all)
        corner = row(self.all, self.new, spacing=SMALL)
        self._field = ValueField("API key", kit.theme, self._reveal, self._copy, corner=corner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._field)
        self._mask_again = QTimer(self, interval=_REVEALED_FOR_MS, singleShot=True)
        self._mask_again.timeout.connect(self.hide_key)

    @property
    def value(self) -> str:
        return self._field.value

    @property
    def revealed(self) -> bool:
        return self._shown

    def refresh(self) -> None:
        fresh = self._kit.services.keys.fresh
        self._shown = self._shown and fresh is not None
        self._reveal.setVisible(fresh is not None)
        self._copy.setVisible(fresh is not None)
        self._field.show_value(_shown_text(self._kit.services.keys.list(), fresh, self._shown))
        icon, name = ("eye-off", "Hide the key") if self._shown else ("eye", "Show the key")
        self._kit.icons.set_on(self._reveal, icon)
        self._reveal.setAccessibleName(name)
        set_plain_tooltip(self._reveal, name)

    def hide_key(self) -> None:
        self._shown = False
        self._mask_again.stop()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.hide_key()

    def _toggle(self) -> None:
        self._shown = not self._shown
        self._mask_again.start()
        self.refresh()


def _shown_text(keys: tuple[ApiKey, ...], fresh: str | None, revealed: bool) -> str:
    if fresh is not None:
        return fresh if revealed else f"gd-{_DOTS}{fresh[-4:]}"
    return keys[-1].hint if keys else "No key yet"
