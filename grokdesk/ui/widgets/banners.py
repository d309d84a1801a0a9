"""Lines over the page: demo mode, and whose business grok.com's terms are."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from grokdesk.ui.icons import Icons
from grokdesk.ui.kit import Kit
from grokdesk.ui.tokens import MEDIUM, SMALL, WIDE
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.icon_label import IconLabel
from grokdesk.ui.widgets.labels import PlainLabel

_DEMO = (
    "Demo mode: answers are made up on this computer and nothing is sent to grok.com. "
    "It ends with the first imported account."
)
_TERMS = (
    "Grokdesk uses your own Grok accounts through the grok.com website. Whether that agrees with "
    "grok.com's terms, and keeping to them, is up to you."
)


class DemoBanner(QFrame):
    import_wanted = Signal()

    def __init__(self, kit: Kit) -> None:
        super().__init__()
        self.setProperty("kind", "banner")
        layout = _line(self, kit.icons, "info", _DEMO)
        layout.addWidget(
            make_button("Import tokens", kit.icons, "import", clicked=self.import_wanted.emit)
        )


class TermsNotice(QFrame):
    acknowledged = Signal()

    def __init__(self, icons: Icons) -> None:
        super().__init__()
        self.setProperty("kind", "banner")
        layout = _line(self, icons, "warning", _TERMS)
        layout.addWidget(make_button("I understand", clicked=self.acknowledged.emit))


def _line(frame: QFrame, icons: Icons, icon: str, words: str) -> QHBoxLayout:
    layout = QHBoxLayout(frame)
    layout.setContentsMargins(WIDE, SMALL, WIDE, SMALL)
    layout.setSpacing(MEDIUM)
    layout.addWidget(IconLabel(icons, icon, "accent"))
    layout.addWidget(PlainLabel(words, wrap=True), 1)
    return layout
