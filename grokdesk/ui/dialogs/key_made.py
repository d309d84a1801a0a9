"""A new API key, shown this once, with the address that belongs to it."""

from PySide6.QtWidgets import QWidget

from grokdesk.domain.apikey import ApiKey
from grokdesk.ui.dialogs.frame import Dialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.key_form import address_of, waiting_note
from grokdesk.ui.presenters.key_row import name_of
from grokdesk.ui.tokens import MEDIUM
from grokdesk.ui.widgets.buttons import CopyButton, make_button
from grokdesk.ui.widgets.fields import ValueField
from grokdesk.ui.widgets.info_bar import InfoBar
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import column

_NOT_COPIED = "The key was not copied, and it cannot be shown again. Close once more to leave it."


class KeyMadeDialog(Dialog):
    """Enter copies the key first and leaves then. It takes two to leave without the key."""

    def __init__(self, parent: QWidget | None, kit: Kit, key: ApiKey, secret: str) -> None:
        super().__init__(parent, f"{name_of(key)} is ready", width=600)
        self._may_leave = False
        services = kit.services
        gateway = services.gateway.snapshot()
        wanted = services.settings.current.gateway
        address = address_of(gateway, wanted.host, wanted.port)
        self.copy = CopyButton(
            kit.clipboard, kit.icons, lambda: secret, what="API key", secret=True, kind="primary"
        )
        self.copy.clicked.connect(self._copied)
        self.key = ValueField("API key", kit.theme, self.copy)
        self.key.show_value(secret)
        copy_address = CopyButton(kit.clipboard, kit.icons, lambda: address, what="API address")
        self.address = ValueField("API address", kit.theme, copy_address)
        self.address.show_value(address or "Known once the gateway runs")
        copy_address.setEnabled(bool(address))
        self.info = InfoBar(kit.icons)
        self.body.setSpacing(MEDIUM)
        self.body.addWidget(
            PlainLabel(
                "Copy the key now: it is shown this once, and only its end is kept. It leaves the "
                "clipboard after a minute.",
                role="muted",
                wrap=True,
            )
        )
        self.body.addLayout(column(self.key, self.address, spacing=MEDIUM))
        self.body.addWidget(self.info)
        if note := waiting_note(gateway):
            self.info.say(note, tone="warn")
        self.done_button = self.add_button(make_button("Done", clicked=self.reject))
        self.copy.setAutoDefault(False)
        self.copy.setDefault(True)
        self.copy.setFocus()

    def reject(self) -> None:
        """Also Escape and the cross in the title bar."""
        if self._may_leave:
            super().reject()
            return
        self._may_leave = True
        self.info.say(_NOT_COPIED, tone="warn")

    def _copied(self) -> None:
        self._may_leave = True
        self.info.clear()
        self.done_button.setDefault(True)
        self.done_button.setFocus()
