"""Which proxy: the system's, none, or one whose address is entered; with what is wrong with it."""

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from grokdesk.settings.service import SettingInfo
from grokdesk.ui import text
from grokdesk.ui.presenters.setting_rows import problem_with
from grokdesk.ui.sentences import Explanation
from grokdesk.ui.theme import Theme
from grokdesk.ui.tokens import LARGE, MEDIUM, SMALL
from grokdesk.ui.widgets.combo import ComboBox
from grokdesk.ui.widgets.labels import PlainLabel, announce
from grokdesk.ui.widgets.looks import column, named, row

_WIDTH = 260
_ADDRESS = "address"
_SAME = ("As for all else", "")
_CHOICES = (("As this computer is set up", "system"), ("No proxy", "none"))
_EXAMPLE = "http://127.0.0.1:8080"
_PASSWORD = "A password in the address is kept with the tokens and not shown again."  # noqa: S105

Change = Callable[["ProxyEditor", str], object]
"""The editor, and `system`, `none`, an address, or empty for "as for all else"."""


class ProxyEditor(QWidget):
    """A choice applies at once, an address when it is entered; a refused one stays to be mended."""

    def __init__(
        self, theme: Theme, title: str, help: str, change: Change, *, may_follow: bool = False
    ) -> None:
        super().__init__()
        self._change = change
        self._title = title
        self._help_text = help
        self._in_force = ""
        self._key = ""
        self._pinned = ""
        self.choice = ComboBox(title)
        for name, value in (*((_SAME,) if may_follow else ()), *_CHOICES):
            self.choice.addItem(name, value)
        self.choice.addItem("This address", _ADDRESS)
        self.choice.activated.connect(self._chosen)
        self.address = named(QLineEdit(placeholderText=_EXAMPLE), f"Address: {title}")
        self.address.editingFinished.connect(self._entered)
        self.address.textEdited.connect(self.clear)
        for widget in (self.choice, self.address):
            widget.setFixedWidth(theme.scaled(_WIDTH))
        self._help = PlainLabel(role="muted", wrap=True)
        self._error = PlainLabel(role="bad", wrap=True)
        self._error.hide()
        caption = PlainLabel(title, role="strong")
        caption.setBuddy(self.choice)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        both = row(spacing=LARGE)
        both.addLayout(column(caption, self._help, self._error, None, spacing=2), 1)
        both.addLayout(column(self.choice, self.address, None, spacing=SMALL))
        layout.addLayout(both)

    @property
    def error(self) -> str:
        return self._error.text() if self._error.isVisibleTo(self) else ""

    def show_info(self, info: SettingInfo) -> None:
        """What is in force; what is being entered stays."""
        value, self._key = str(info.value), info.key
        by = info.pinned_by
        self._pinned = f"Set by {by}; it can only be changed there." if by else ""
        for widget in (self.choice, self.address):
            widget.setEnabled(not info.pinned_by)
        if value == self._in_force and (self.error or self._is_entering()):
            return
        self._in_force = value
        place = self.choice.findData(value)
        self.choice.setCurrentIndex(place if place >= 0 else self.choice.count() - 1)
        self.address.setText(value if place < 0 else "")
        self.address.setCursorPosition(0)
        self._show_address(place < 0)

    def show_error(self, explanation: Explanation) -> None:
        self._error.setText(explanation.sentence)
        self._error.show()
        announce(self, explanation.sentence)

    def clear(self) -> None:
        self._error.hide()

    def _is_entering(self) -> bool:
        """The address was chosen, but none is in force yet."""
        return self.choice.currentData() == _ADDRESS and self.choice.findData(self._in_force) >= 0

    def _chosen(self) -> None:
        self.clear()
        chosen = self.choice.currentData()
        self._show_address(chosen == _ADDRESS)
        if chosen == _ADDRESS:
            self.address.setFocus()
        elif chosen != self._in_force:
            self._change(self, str(chosen))

    def _entered(self) -> None:
        entered = self.address.text().strip()
        if not entered or entered == self._in_force:
            return
        if problem := problem_with(self._key, entered, "The address"):
            self.show_error(Explanation(text.sentence(problem)))
        else:
            self._change(self, entered)

    def _show_address(self, on: bool) -> None:
        self.address.setVisible(on)
        notes = (self._help_text, _PASSWORD if on else "", self._pinned)
        self._help.setText(" ".join(filter(None, notes)))
