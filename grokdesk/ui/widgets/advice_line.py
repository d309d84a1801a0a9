"""What a person can do now, in a sentence, with a button where one helps."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from grokdesk.ui.icons import Icons
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.icon_label import IconLabel
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import column, row


class AdviceLine(QWidget):
    """Hidden while there is nothing to do. `clicked` hears of the button."""

    def __init__(self, icons: Icons, clicked: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self._words = PlainLabel(wrap=True, selectable=True)
        self._button = make_button("", kind="link", name="Help", clicked=clicked)
        layout = row(spacing=2)
        layout.addLayout(column(1, IconLabel(icons, "chevron-right", "accent"), None, spacing=0))
        layout.addWidget(self._words, 1)
        layout.addLayout(column(self._button, None, spacing=0))
        self.setLayout(layout)
        self.show_advice("")

    @property
    def words(self) -> str:
        return self._words.text()

    def show_advice(self, sentence: str, button: str = "") -> None:
        self._words.setText(sentence)
        self._button.setText(button)
        self._button.setAccessibleName(button or "Help")
        self._button.setVisible(bool(button))
        self.setVisible(bool(sentence or button))
