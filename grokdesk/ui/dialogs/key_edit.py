"""What an API key is called and what it may do: a new one, or one that is there already."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.errors import InvalidRequestError
from grokdesk.ui import text
from grokdesk.ui.dialogs.frame import Dialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters import key_form as words
from grokdesk.ui.presenters.key_form import KeyForm
from grokdesk.ui.presenters.key_row import name_of
from grokdesk.ui.tokens import LARGE, MEDIUM
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.combo import ComboBox
from grokdesk.ui.widgets.expiry_choice import ExpiryChoice
from grokdesk.ui.widgets.form_field import FormField
from grokdesk.ui.widgets.info_bar import InfoBar
from grokdesk.ui.widgets.looks import row
from grokdesk.ui.widgets.model_picker import ModelPicker

_NAMES_HEIGHT = 64
_FIRST_DATE_DAYS = 30
_FIELD_OF_PARAM = {"expires_at": "expires"}


class KeyDialog(Dialog):
    """`on_made` gets a new key and its text."""

    def __init__(
        self,
        parent: QWidget | None,
        kit: Kit,
        key: ApiKey | None = None,
        on_made: Callable[[ApiKey, str], object] = lambda _key, _text: None,
    ) -> None:
        super().__init__(parent, f"Edit {name_of(key)}" if key else "New API key", width=560)
        self._kit = kit
        self._key = key
        self._on_made = on_made
        services = kit.services
        suggested = KeyForm(words.free_name(services.keys.list()))
        self._before = KeyForm.of(key) if key else suggested
        self.info = InfoBar(kit.icons)
        self._make_editors(services.clock.now())
        self._make_fields()
        self._show(self._before)
        self._lay_out()
        self._follow()
        self.add_button(make_button("Cancel", clicked=self.reject))
        self.confirm = self.add_button(
            make_button("Save" if key else "Create key", kind="primary", clicked=self.save),
            default=True,
        )
        self.name.setFocus()
        self.name.selectAll()

    def reject(self) -> None:
        """Not while it is being saved: nobody would ever see the text of a new key."""
        if self.confirm.isEnabled():
            super().reject()

    def save(self) -> None:
        for field in self.fields.values():
            field.clear()
        work = self._create() if self._key is None else self._configure(self._key)
        self._kit.calls.run(work, name="save API key", busy=self.confirm, info=self.info)

    async def _create(self) -> None:
        """An empty form is what a key is like about which nothing is said."""
        keys, entered = self._kit.services.keys, self._entered()
        try:
            wishes = entered.wishes_beside(KeyForm(entered.name), self._now())
            key, secret = await keys.create(entered.name, here=False, **wishes)
        except InvalidRequestError as error:
            self._tell(error)
        else:
            self.accept()
            self._on_made(key, secret)

    async def _configure(self, key: ApiKey) -> None:
        keys = self._kit.services.keys
        try:
            wishes = self._entered().wishes_beside(self._before, self._now())
            if all(known.id != key.id for known in keys.list()):
                raise InvalidRequestError("This API key was revoked meanwhile.")
            if wishes:
                _ = await keys.configure(key.id, **wishes)
        except InvalidRequestError as error:
            self._tell(error)
        else:
            self.accept()

    def _tell(self, error: InvalidRequestError) -> None:
        """At the field it is about. Raise it when there is none."""
        param = error.param or ""
        field = self.fields.get(_FIELD_OF_PARAM.get(param, param))
        if field is None:
            raise error
        field.show_problem(text.sentence(str(error), 400))

    def _make_editors(self, now: float) -> None:
        kit, key = self._kit, self._key
        self.name = QLineEdit()
        self.expires = ExpiryChoice(
            _expiry_choices(key),
            on_a_date=words.ON_A_DATE,
            date=words.date_in(_FIRST_DATE_DAYS, now),
        )
        self.models = ModelPicker(kit.theme, kit.services.catalog)
        self.limits = {
            name: QLineEdit(placeholderText="No limit")
            for name in ("requests_per_minute", "requests_per_day", "max_concurrent")
        }
        self.reasoning = ComboBox("Reasoning")
        for name, value in words.REASONING_CHOICES:
            self.reasoning.addItem(name, value)
        self.aliases = QPlainTextEdit(placeholderText="gpt-*=grok-chat-fast")
        self.aliases.setProperty("kind", "field")
        self.aliases.setTabChangesFocus(True)
        self.aliases.setFixedHeight(kit.theme.scaled(_NAMES_HEIGHT))

    def _make_fields(self) -> None:
        self.fields = {
            "name": FormField("Name", self.name, "A key for each program is best."),
            "expires": FormField("Expires", self.expires),
            "models": FormField("Models", self.models),
            "requests_per_minute": FormField(
                "Requests per minute", self.limits["requests_per_minute"]
            ),
            "requests_per_day": FormField("Requests per day", self.limits["requests_per_day"]),
            "max_concurrent": FormField("Requests at once", self.limits["max_concurrent"]),
            "reasoning_format": FormField(
                "Reasoning", self.reasoning, "Tags are for programs that know no such field."
            ),
            "aliases": FormField("Model names", self.aliases),
        }

    def _lay_out(self) -> None:
        self.body.setSpacing(LARGE)
        self.body.addLayout(self._beside("name", "expires"))
        self.body.addWidget(self.fields["models"])
        self.body.addLayout(self._beside(*self.limits))
        self.body.addLayout(self._beside("aliases", "reasoning_format"))
        self.body.addWidget(self.info)

    def _beside(self, *names: str) -> QHBoxLayout:
        line = row(spacing=MEDIUM)
        for name in names:
            line.addWidget(self.fields[name], 1, Qt.AlignmentFlag.AlignTop)
        return line

    def _follow(self) -> None:
        """Hints say what the fields mean while they are filled in."""
        self.expires.changed.connect(self._hint_expiry)
        self.models.edit.textChanged.connect(self._hint_models)
        self.aliases.textChanged.connect(self._hint_aliases)
        self._hint_expiry()
        self._hint_models()
        self._hint_aliases()

    def _hint_expiry(self) -> None:
        before = self._key.expires_at if self._key else None
        hint = words.expiry_hint(self.expires.value, before, self._now())
        self.fields["expires"].show_hint(hint)

    def _hint_models(self) -> None:
        catalog = self._kit.services.catalog
        self.fields["models"].show_hint(words.models_hint(self.models.edit.text(), catalog))

    def _hint_aliases(self) -> None:
        catalog = self._kit.services.catalog
        self.fields["aliases"].show_hint(words.aliases_hint(self.aliases.toPlainText(), catalog))

    def _show(self, form: KeyForm) -> None:
        self.name.setText(form.name)
        self.expires.choose(form.expires)
        self.models.edit.setText(form.models)
        for name, edit in self.limits.items():
            edit.setText(getattr(form, name))
        self.reasoning.setCurrentIndex(self.reasoning.findData(form.reasoning_format))
        self.aliases.setPlainText(form.aliases)

    def _entered(self) -> KeyForm:
        return KeyForm(
            name=self.name.text().strip(),
            expires=self.expires.value,
            models=self.models.edit.text().strip(),
            **{name: edit.text().strip() for name, edit in self.limits.items()},
            reasoning_format=str(self.reasoning.currentData()),
            aliases=self.aliases.toPlainText().strip(),
        )

    def _now(self) -> float:
        return self._kit.services.clock.now()


def _expiry_choices(key: ApiKey | None) -> tuple[tuple[str, str], ...]:
    if key is None or key.expires_at is None:
        return words.EXPIRY_CHOICES
    return ("As it is", words.KEEP), *words.EXPIRY_CHOICES
