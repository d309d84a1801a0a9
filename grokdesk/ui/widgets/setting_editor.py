"""One setting: what it is, an editor that fits its kind, reset, and what was wrong."""

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from grokdesk.kernel.redaction import MASK
from grokdesk.settings.declaration import Value
from grokdesk.settings.service import SettingInfo
from grokdesk.ui import text
from grokdesk.ui.icons import Icons
from grokdesk.ui.presenters.setting_rows import SettingRow, choice_name, problem_with
from grokdesk.ui.sentences import Explanation
from grokdesk.ui.theme import Theme
from grokdesk.ui.tokens import LARGE, MEDIUM, SMALL
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.combo import ComboBox
from grokdesk.ui.widgets.labels import PlainLabel, announce
from grokdesk.ui.widgets.looks import column, named, row
from grokdesk.ui.widgets.switch import Switch

_WIDTH = 220

Change = Callable[["SettingEditor", str, Value | None], object]
"""The editor, the key and the wanted value; None resets it."""


class SettingEditor(QWidget):
    """Reports changes; shows what is in force, also after a refused change."""

    def __init__(self, theme: Theme, icons: Icons, line: SettingRow, change: Change) -> None:
        super().__init__()
        self._change = change
        self._info = line.info
        self._title = line.title
        self._editor = self._make_editor(theme, line)
        self._help = PlainLabel(role="muted", wrap=True)
        self._error = PlainLabel(role="bad", wrap=True)
        self._error.hide()
        self._reset = make_button(
            "",
            icons,
            "refresh",
            kind="icon",
            name=f"Reset {line.title}",
            tone="muted",
            clicked=lambda: change(self, self._info.key, None),
        )
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._reset.setSizePolicy(policy)
        title = PlainLabel(line.title, role="strong")
        title.setBuddy(self._editor)
        words = column(title, self._help, self._error, spacing=2)
        tools = row(self._reset, self._editor, *self._unit(), spacing=SMALL)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        both = row(spacing=LARGE)
        both.addLayout(words, 1)
        both.addLayout(tools)
        layout.addLayout(both)
        self.show_row(line)

    def show_row(self, line: SettingRow) -> None:
        self._info = line.info
        self._help.setText(line.help)
        self._reset.setVisible(not line.is_default and not line.info.pinned_by)
        self._editor.setEnabled(not line.info.pinned_by)
        self._show_value(line.info)

    def show_error(self, explanation: Explanation) -> None:
        self._error.setText(explanation.sentence)
        self._error.show()
        self._show_value(self._info)
        announce(self, explanation.sentence)

    def clear(self) -> None:
        self._error.hide()

    @property
    def error(self) -> str:
        return self._error.text() if self._error.isVisibleTo(self) else ""

    @property
    def editor(self) -> QWidget:
        return self._editor

    def _make_editor(self, theme: Theme, line: SettingRow) -> QWidget:
        info = line.info
        if isinstance(info.value, bool):
            switch = Switch(theme, line.title)
            switch.clicked.connect(lambda on: self._change(self, info.key, on))
            return switch
        if info.choices:
            choice = ComboBox(line.title)
            choice.setFixedWidth(theme.scaled(_WIDTH))
            for name in info.choices:
                choice.addItem(choice_name(name), name)
            choice.activated.connect(
                lambda _index: self._change(self, info.key, choice.currentData())
            )
            return choice
        edit = named(QLineEdit(), line.title)
        edit.setFixedWidth(theme.scaled(_WIDTH if isinstance(info.value, str) else 110))
        edit.editingFinished.connect(self._finish_text)
        return edit

    def _unit(self) -> tuple[QWidget, ...]:
        return (PlainLabel(self._info.unit, role="muted"),) if self._info.unit else ()

    def _show_value(self, info: SettingInfo) -> None:
        match self._editor:
            case Switch() as switch:
                switch.setChecked(bool(info.value))
            case ComboBox() as choice:
                choice.setCurrentIndex(max(0, choice.findData(info.value)))
            case QLineEdit() as edit:
                edit.setText(_as_text(info.value))
                edit.setCursorPosition(0)
            case _:
                pass

    def _finish_text(self) -> None:
        assert isinstance(self._editor, QLineEdit)  # noqa: S101 - only line edits come here
        entered = self._editor.text().strip()
        if entered == _as_text(self._info.value):
            return
        if MASK in entered:
            self.show_error(Explanation("Enter the whole value, including the password."))
            return
        try:
            value = _as_value(entered, self._info.value)
        except ValueError:
            self.show_error(Explanation("Enter a number."))
            return
        if problem := problem_with(self._info.key, value, self._title):
            self.show_error(Explanation(text.sentence(problem)))
        else:
            self._change(self, self._info.key, value)


def _as_text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _as_value(entered: str, like: Value) -> Value:
    """Raise ValueError when a number is wanted and it is none."""
    if isinstance(like, int):
        return int(entered)
    return float(entered) if isinstance(like, float) else entered
