"""Fields for what is pasted once and never shown again."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from grokdesk.domain.errors import InvalidRequestError, SettingsError
from grokdesk.ui import text
from grokdesk.ui.calls import TellsErrors
from grokdesk.ui.kit import Kit
from grokdesk.ui.tokens import LARGE, MEDIUM, SMALL
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.form_field import FormField
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import row


@dataclass(frozen=True, slots=True)
class PasteField:
    """`name` is what an error calls it."""

    name: str
    title: str
    example: str
    hint: str = ""
    secret: bool = True


class PasteForm(QWidget):
    """`save` gets the values in the order of the fields; all have to be given."""

    def __init__(
        self,
        kit: Kit,
        what: str,
        fields: Sequence[PasteField],
        *,
        save: Callable[..., Awaitable[None]],
        forget: Callable[[], Awaitable[None]],
        info: TellsErrors,
        done: Callable[[str], object],
    ) -> None:
        super().__init__()
        self._kit = kit
        self._what = what
        self._save_values = save
        self._forget_values = forget
        self._info = info
        self._done = done
        self.fields: Mapping[str, FormField] = {field.name: _form_field(field) for field in fields}
        self.status = PlainLabel(role="muted", wrap=True)
        self.save = make_button("Save", name=f"Save the {what}", clicked=self._save)
        self.forget = make_button(
            "Forget", kind="ghost", name=f"Forget the {what}", clicked=self._forget
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(LARGE, MEDIUM, LARGE, LARGE)
        layout.setSpacing(MEDIUM)
        layout.addWidget(self.status)
        for form_field in self.fields.values():
            layout.addWidget(form_field)
            _edit(form_field).returnPressed.connect(self._save)
        layout.addLayout(row(self.save, self.forget, None, spacing=SMALL))

    def hideEvent(self, event: QHideEvent) -> None:
        """Secrets do not stay in a field."""
        super().hideEvent(event)
        self.clear()

    def clear(self) -> None:
        for form_field in self.fields.values():
            _edit(form_field).clear()
            form_field.clear()

    def _save(self) -> None:
        values = {name: _edit(field).text().strip() for name, field in self.fields.items()}
        for form_field in self.fields.values():
            form_field.clear()
        missing = next((name for name, value in values.items() if not value), None)
        if missing is not None:
            self.fields[missing].show_problem("Paste it here first.")
            return
        self._kit.calls.run(
            self._try_to_save(tuple(values.values())),
            name=f"save the {self._what}",
            busy=self.save,
            info=self._info,
            done=lambda saved: self._ended("saved") if saved else None,
        )

    async def _try_to_save(self, values: tuple[str, ...]) -> bool:
        """False: something is wrong with a field, which says so."""
        try:
            await self._save_values(*values)
        except (InvalidRequestError, SettingsError) as error:
            name = error.param if isinstance(error, InvalidRequestError) else error.key
            wrong = self.fields.get((name or "").rpartition(".")[2])
            if wrong is None:
                raise
            wrong.show_problem(text.sentence(str(error), 400))
            return False
        return True

    def _forget(self) -> None:
        self._kit.calls.run(
            _awaited(self._forget_values),
            name=f"forget the {self._what}",
            busy=self.forget,
            info=self._info,
            done=lambda _nothing: self._ended("forgotten"),
        )

    def _ended(self, verb: str) -> None:
        self.clear()
        self._done(f"The {self._what} is {verb}.")


def _form_field(field: PasteField) -> FormField:
    edit = QLineEdit(placeholderText=field.example)
    if field.secret:
        edit.setEchoMode(QLineEdit.EchoMode.Password)
    form_field = FormField(field.title, edit, field.hint)
    edit.textEdited.connect(form_field.clear)
    return form_field


def _edit(form_field: FormField) -> QLineEdit:
    assert isinstance(form_field.editor, QLineEdit)  # noqa: S101 - made above
    return form_field.editor


async def _awaited(call: Callable[[], Awaitable[None]]) -> None:
    await call()
