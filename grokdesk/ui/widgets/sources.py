"""The pages an answer draws on, as numbered links that ask before they open."""

from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from grokdesk.ui import text
from grokdesk.ui.tokens import TIGHT
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.markdown_copy import is_web_address

_MOST = 20


class Sources(QWidget):
    """Hidden until there is one; each address once, and only addresses of the web."""

    link_clicked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.hide()
        self._known: set[str] = set()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(TIGHT)
        self._layout.addWidget(PlainLabel("Sources", role="caption"))

    def add(self, url: str, title: str) -> None:
        if url in self._known or len(self._known) >= _MOST or not is_web_address(url):
            return
        self._known.add(url)
        self._layout.addWidget(self._button(url, title), 0, Qt.AlignmentFlag.AlignLeft)
        self.show()

    def _button(self, url: str, title: str) -> QPushButton:
        host = text.one_line(urlsplit(url).hostname or url, 60)
        words = f"{len(self._known)}.  {host}"
        if title:
            words += f"  —  {text.one_line(title, 80)}"
        # An ampersand in a button's text would become a keyboard mnemonic.
        return make_button(
            words.replace("&", "&&"),
            kind="fold",
            name=f"Source {host}",
            clicked=lambda: self.link_clicked.emit(url),
        )
