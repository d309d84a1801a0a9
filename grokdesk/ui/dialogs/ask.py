"""Short questions: are you sure, and what shall it be called."""

from collections.abc import Callable

from PySide6.QtWidgets import QLineEdit, QWidget

from grokdesk.ui.dialogs.frame import Dialog
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import named


class AskDialog(Dialog):
    """A sentence with two ways on. `typed` has to be entered first, when it is given.

    Exactly one of `on_yes` and `on_no` is called; closing the dialog is a no.
    """

    def __init__(
        self,
        parent: QWidget | None,
        title: str,
        explanation: str,
        *,
        yes: str,
        on_yes: Callable[[], object],
        no: str = "Cancel",
        on_no: Callable[[], object] | None = None,
        danger: bool = False,
        typed: str = "",
    ) -> None:
        super().__init__(parent, title)
        self._typed = typed
        self.body.addWidget(PlainLabel(explanation, wrap=True))
        self._entry = QLineEdit()
        self._entry.setVisible(bool(typed))
        self._yes = make_button(yes, kind="danger" if danger else "primary", clicked=self.accept)
        if typed:
            self._ask_to_type(typed)
        safe = make_button(no, clicked=self.reject)
        self.add_button(safe, default=danger)
        self.add_button(self._yes, default=not danger)
        self.accepted.connect(on_yes)
        if on_no is not None:
            self.rejected.connect(on_no)

    def _ask_to_type(self, typed: str) -> None:
        label = PlainLabel(f"Type {typed} to confirm:", role="muted")
        label.setBuddy(self._entry)
        self._entry.setAccessibleName(f"Type {typed} to confirm")
        self.body.addWidget(label)
        self.body.addWidget(self._entry)
        self._yes.setEnabled(False)
        self._entry.textChanged.connect(
            lambda entered: self._yes.setEnabled(entered.strip() == typed)
        )


class NameDialog(Dialog):
    """Asks for one line of text; `on_name` gets it stripped."""

    def __init__(
        self,
        parent: QWidget | None,
        title: str,
        *,
        label: str,
        value: str,
        yes: str,
        on_name: Callable[[str], object],
        longest: int = 80,
    ) -> None:
        super().__init__(parent, title)
        self._entry = named(QLineEdit(value), label)
        self._entry.setMaxLength(longest)
        self._entry.selectAll()
        caption = PlainLabel(label, role="muted")
        caption.setBuddy(self._entry)
        self.body.addWidget(caption)
        self.body.addWidget(self._entry)
        self.add_button(make_button("Cancel", clicked=self.reject))
        self._yes = make_button(yes, kind="primary", clicked=self.accept)
        self.add_button(self._yes, default=True)
        self._entry.textChanged.connect(self._check)
        self.accepted.connect(lambda: on_name(self._entry.text().strip()))
        self._check(value)

    def _check(self, entered: str) -> None:
        self._yes.setEnabled(bool(entered.strip()))
