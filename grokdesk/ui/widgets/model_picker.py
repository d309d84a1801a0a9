"""Which models are allowed: names and patterns, and a box to tick for each model there is."""

from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from grokdesk.domain.apikey import allows
from grokdesk.domain.catalog import ModelCatalog, ModelSpec
from grokdesk.domain.model_names import Patterns, parse_patterns, text_of
from grokdesk.ui.theme import Theme
from grokdesk.ui.tokens import MEDIUM, SMALL
from grokdesk.ui.widgets.check_box import CheckBox
from grokdesk.ui.widgets.labels import set_plain_tooltip

_COLUMNS = 2


class ModelPicker(QWidget):
    """The text is what counts; the boxes write into it and show what it allows."""

    def __init__(self, theme: Theme, catalog: ModelCatalog) -> None:
        super().__init__()
        self.edit = QLineEdit(placeholderText="All models")
        self.edit.textChanged.connect(self._tick)
        self.setFocusProxy(self.edit)
        self.boxes: dict[str, CheckBox] = {}
        self._models = catalog.models
        grid = QGridLayout()
        grid.setHorizontalSpacing(MEDIUM)
        grid.setVerticalSpacing(2)
        for place, model in enumerate(self._models):
            box = CheckBox(theme, model.id)
            box.clicked.connect(lambda on, model=model: self._toggle(model, wanted=on))
            self.boxes[model.id] = box
            grid.addWidget(box, *divmod(place, _COLUMNS))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SMALL)
        layout.addWidget(self.edit)
        layout.addLayout(grid)

    def setAccessibleName(self, name: str) -> None:  # noqa: N802 - Qt's name
        super().setAccessibleName(name)
        self.edit.setAccessibleName(name)

    def setAccessibleDescription(self, words: str) -> None:  # noqa: N802 - Qt's name
        super().setAccessibleDescription(words)
        self.edit.setAccessibleDescription(words)

    def _patterns(self) -> Patterns | None:
        """None while they cannot be read."""
        try:
            return parse_patterns(self.edit.text())
        except ValueError:
            return None

    def _tick(self) -> None:
        patterns = self._patterns()
        for model in self._models:
            fitting = [pattern for pattern in patterns or () if allows((pattern,), model)]
            by_pattern = [pattern for pattern in fitting if "*" in pattern.text]
            box = self.boxes[model.id]
            box.setChecked(bool(fitting))
            box.setEnabled(patterns is not None and not by_pattern)
            set_plain_tooltip(box, f"Allowed by {text_of(by_pattern)}" if by_pattern else "")

    def _toggle(self, model: ModelSpec, *, wanted: bool) -> None:
        patterns = self._patterns() or ()
        if wanted:
            self.edit.setText(", ".join(filter(None, (text_of(patterns), model.id))))
        else:
            self.edit.setText(text_of(p for p in patterns if not allows((p,), model)))
