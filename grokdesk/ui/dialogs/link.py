"""A link in an answer is shown in full before the browser gets it."""

from collections.abc import Callable

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from grokdesk.ui import text
from grokdesk.ui.dialogs.frame import Dialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.widgets.buttons import CopyButton, make_button
from grokdesk.ui.widgets.labels import PlainLabel


class LinkDialog(Dialog):
    def __init__(
        self, parent: QWidget | None, kit: Kit, href: str, *, on_open: Callable[[], object]
    ) -> None:
        super().__init__(parent, "Open this page in the browser?", width=520)
        # Encoded: letters of other scripts that look like Latin ones show as what they are.
        self.address = bytes(QUrl(href).toEncoded().data()).decode("ascii", "replace")
        host = text.one_line(QUrl(self.address).host(QUrl.ComponentFormattingOption.FullyEncoded))
        self.body.addWidget(PlainLabel(host, role="strong", wrap=True))
        full = QPlainTextEdit(self.address, readOnly=True, tabChangesFocus=True)
        full.setProperty("kind", "field")
        full.setAccessibleName("Address")
        full.setFont(kit.theme.mono())
        full.setFixedHeight(88)
        self.body.addWidget(full)
        copy = CopyButton(kit.clipboard, kit.icons, lambda: self.address, what="the address")
        self.add_button(copy)
        self.add_button(make_button("Cancel", clicked=self.reject), default=True)
        self.add_button(make_button("Open in browser", kind="primary", clicked=self.accept))
        self.accepted.connect(on_open)
