"""When something expires: a period, or a date to be written."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from grokdesk.ui.tokens import TIGHT
from grokdesk.ui.widgets.combo import ComboBox
from grokdesk.ui.widgets.looks import named


class ExpiryChoice(QWidget):
    """`choices` are names and values; with the value `on_a_date` there is a field for it."""

    changed = Signal()

    def __init__(self, choices: Sequence[tuple[str, str]], *, on_a_date: str, date: str) -> None:
        super().__init__()
        self._on_a_date = on_a_date
        self.choice = ComboBox("Expires")
        for name, value in choices:
            self.choice.addItem(name, value)
        self.date = named(QLineEdit(date), "Expires on")
        self.date.setPlaceholderText("2026-12-31T18:00")
        self.date.hide()
        self.setFocusProxy(self.choice)
        self.choice.currentIndexChanged.connect(self._choose)
        self.date.textChanged.connect(self.changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(TIGHT)
        layout.addWidget(self.choice)
        layout.addWidget(self.date)

    @property
    def value(self) -> str:
        chosen = str(self.choice.currentData())
        return self.date.text().strip() if chosen == self._on_a_date else chosen

    def choose(self, value: str) -> None:
        self.choice.setCurrentIndex(self.choice.findData(value))

    def _choose(self) -> None:
        wants_date = self.choice.currentData() == self._on_a_date
        self.date.setVisible(wants_date)
        self.setFocusProxy(self.date if wants_date else self.choice)
        self.changed.emit()
