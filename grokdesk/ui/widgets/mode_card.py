"""A card whose first line chooses a mode; below it is what belongs to that mode."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from grokdesk.settings.service import SettingInfo
from grokdesk.ui.sentences import Explanation
from grokdesk.ui.theme import Theme
from grokdesk.ui.tokens import LARGE, MEDIUM
from grokdesk.ui.widgets.combo import ComboBox
from grokdesk.ui.widgets.labels import PlainLabel, Rule, announce
from grokdesk.ui.widgets.looks import Card, column, row

_WIDTH = 260

ModeChange = Callable[["ModeCard", str], object]


class ModeCard(Card):
    """`modes` are a value of the setting, its name, and what it means."""

    def __init__(
        self, theme: Theme, title: str, modes: Sequence[tuple[str, str, str]], change: ModeChange
    ) -> None:
        super().__init__(spacing=0, margin=0)
        self._meanings = {value: meaning for value, _name, meaning in modes}
        self._bodies: dict[str, QWidget] = {}
        self.choice = ComboBox(title)
        self.choice.setFixedWidth(theme.scaled(_WIDTH))
        for value, name, _meaning in modes:
            self.choice.addItem(name, value)
        self.choice.activated.connect(lambda _place: change(self, self.choice.currentData()))
        caption = PlainLabel(title, role="strong")
        caption.setBuddy(self.choice)
        self._help = PlainLabel(role="muted", wrap=True)
        self._error = PlainLabel(role="bad", wrap=True)
        self._error.hide()
        head = QVBoxLayout()
        head.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        line = row(spacing=LARGE)
        line.addLayout(column(caption, self._help, self._error, None, spacing=2), 1)
        line.addLayout(column(self.choice, None))
        head.addLayout(line)
        self.body.addLayout(head)

    def add_mode(self, value: str, *parts: QWidget) -> None:
        """What is shown in this mode, one under the other."""
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in parts:
            layout.addWidget(Rule())
            layout.addWidget(part)
        self._bodies[value] = whole
        self.body.addWidget(whole)

    def show_info(self, info: SettingInfo) -> None:
        value = str(info.value)
        self.choice.setCurrentIndex(max(0, self.choice.findData(value)))
        self.choice.setEnabled(not info.pinned_by)
        pinned = f" Set by {info.pinned_by}; it can only be changed there."
        self._help.setText(f"{self._meanings[value]}{pinned if info.pinned_by else ''}")
        for mode, whole in self._bodies.items():
            whole.setVisible(mode == value)

    def show_error(self, explanation: Explanation) -> None:
        self._error.setText(explanation.sentence)
        self._error.show()
        announce(self, explanation.sentence)

    def clear(self) -> None:
        self._error.hide()
