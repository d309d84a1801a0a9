"""A value to read and copy: selectable, never editable."""

from collections.abc import Callable

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from grokdesk.ui.icons import Icons
from grokdesk.ui.theme import Theme
from grokdesk.ui.tokens import SMALL, TIGHT
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import row

_CAPTION_HEIGHT = 26


class ValueField(QWidget):
    """A caption, the value in a monospaced box, and buttons at its right; `corner` is over it."""

    def __init__(
        self, caption: str, theme: Theme, *buttons: QPushButton, corner: QLayout | None = None
    ) -> None:
        super().__init__()
        self._edit = QLineEdit(readOnly=True)
        self._edit.setProperty("kind", "value")
        self._edit.setFont(theme.mono())
        self._edit.setAccessibleName(caption)
        label = PlainLabel(caption, role="caption")
        label.setBuddy(self._edit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(TIGHT)
        top = row(label, None)
        if corner is not None:
            top.addLayout(corner)
        else:
            top.addSpacing(1)
        top.setContentsMargins(0, 0, 0, 0)
        label.setFixedHeight(theme.scaled(_CAPTION_HEIGHT))
        layout.addLayout(top)
        layout.addLayout(row(self._edit, *buttons, spacing=SMALL))

    def show_value(self, value: str) -> None:
        if value != self._edit.text():
            self._edit.setText(value)
            self._edit.setCursorPosition(0)

    @property
    def value(self) -> str:
        return self._edit.text()


def search_field(placeholder: str, icons: Icons, changed: Callable[[str], object]) -> QLineEdit:
    edit = QLineEdit(placeholderText=placeholder, clearButtonEnabled=True)
    edit.setAccessibleName(placeholder)
    glass = edit.addAction(QIcon(), QLineEdit.ActionPosition.LeadingPosition)
    icons.set_on(glass, "search", "muted")
    edit.textChanged.connect(changed)
    return edit
