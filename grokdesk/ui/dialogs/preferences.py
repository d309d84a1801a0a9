"""What can be chosen for one account, or for several at once."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from grokdesk.domain.errors import InvalidRequestError
from grokdesk.services.accounts import DEFAULT, AccountSnapshot
from grokdesk.ui import text
from grokdesk.ui.dialogs.frame import Dialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.presenters.preferences import (
    MIXED,
    TIER_CHOICES,
    FieldError,
    Mixed,
    Preferences,
    parse_calls,
    parse_priority,
)
from grokdesk.ui.tokens import MEDIUM
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.combo import ComboBox
from grokdesk.ui.widgets.form_field import FormField
from grokdesk.ui.widgets.info_bar import InfoBar
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import row

_NOTE_HEIGHT = 84
_LONGEST_LABEL = 80
_SEVERAL = "Several"

Changes: TypeAlias = dict[str, Any]


class PreferencesDialog(Dialog):
    """The first account is changed here, so that what is wrong can be told at its field;
    `on_saved` gets the others and what to change."""

    def __init__(
        self,
        parent: QWidget | None,
        kit: Kit,
        accounts: Sequence[AccountSnapshot],
        on_saved: Callable[[Sequence[AccountSnapshot], Changes], object],
    ) -> None:
        super().__init__(parent, _title(accounts), width=520)
        self._kit = kit
        self._accounts = accounts
        self._on_saved = on_saved
        self._before = Preferences.of(accounts)
        self.info = InfoBar(kit.icons)
        self._add_fields()
        self.body.addWidget(self.info)
        self.add_button(make_button("Cancel", clicked=self.reject))
        self.confirm = self.add_button(
            make_button("Save", kind="primary", clicked=self.save), default=True
        )
        self._focus_first()

    def save(self) -> None:
        for field in self.fields.values():
            field.clear()
        try:
            changes = self._entered().changes_from(self._before)
        except FieldError as error:
            self.fields[error.param].show_problem(str(error))
            return
        if not changes:
            self.accept()
            return
        self._kit.calls.run(
            self._save_first(changes),
            name="account preferences",
            busy=self.confirm,
            info=self.info,
            done=lambda saved: self._saved(changes) if saved else None,
        )

    async def _save_first(self, changes: Changes) -> bool:
        try:
            _ = await self._kit.services.accounts.configure(self._accounts[0].id, **changes)
        except InvalidRequestError as error:
            field = self.fields.get(error.param or "")
            if field is None:
                raise
            field.show_problem(text.sentence(str(error)))
            return False
        return True

    def _saved(self, changes: Changes) -> None:
        self._on_saved(self._accounts[1:], changes)
        self.accept()

    def _add_fields(self) -> None:
        before = self._before
        self._label = QLineEdit("" if before.label is MIXED else str(before.label))
        self._label.setMaxLength(_LONGEST_LABEL)
        self._tier = ComboBox("Tier")
        self._fill_tiers()
        self._priority = QLineEdit(_shown(before.priority, usual=0))
        self._priority.setPlaceholderText(_SEVERAL if before.priority is MIXED else "0")
        self._calls = QLineEdit(_shown(before.max_in_flight, usual=DEFAULT))
        usual = self._kit.services.settings.current.pool.max_in_flight
        is_mixed = before.max_in_flight is MIXED
        self._calls.setPlaceholderText(_SEVERAL if is_mixed else str(usual))
        self._note = QPlainTextEdit("" if before.note is MIXED else str(before.note))
        self._note.setProperty("kind", "field")
        self._note.setTabChangesFocus(True)
        self._note.setFixedHeight(self._kit.theme.scaled(_NOTE_HEIGHT))
        self._note.setPlaceholderText(_SEVERAL if before.note is MIXED else "For your eyes only")
        self.fields = {
            "label": FormField("Label", self._label),
            "tier": FormField("Tier", self._tier, "Limits its models."),
            "priority": FormField("Priority", self._priority, "Higher is taken first."),
            "max_in_flight": FormField(
                "Calls at once", self._calls, "" if is_mixed else f"Empty: {usual}, as for all."
            ),
            "note": FormField("Note", self._note),
        }
        self.fields["label"].setVisible(len(self._accounts) == 1)
        self._lay_out()

    def _lay_out(self) -> None:
        self.body.addWidget(self.fields["label"])
        figures = row(spacing=MEDIUM)
        for name in ("tier", "priority", "max_in_flight"):
            figures.addWidget(self.fields[name], 1, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(figures)
        self.body.addWidget(self.fields["note"])
        if len(self._accounts) > 1:
            hint = "What you leave as it is stays different from account to account."
            self.body.addWidget(PlainLabel(hint, role="muted", wrap=True))

    def _fill_tiers(self) -> None:
        if self._before.tier is MIXED:
            self._tier.addItem(_SEVERAL, MIXED)
        for name, tier in TIER_CHOICES:
            self._tier.addItem(name, tier if tier is not None else DEFAULT)
        self._tier.setCurrentIndex(self._tier.findData(self._before.tier))

    def _focus_first(self) -> None:
        if len(self._accounts) == 1:
            self._label.setFocus()
            self._label.selectAll()
        else:
            self._tier.setFocus()

    def _entered(self) -> Preferences:
        """Raise FieldError."""
        before = self._before
        priority, calls = self._priority.text().strip(), self._calls.text().strip()
        note = self._note.toPlainText().strip()
        return Preferences(
            label=MIXED if before.label is MIXED else self._label.text().strip(),
            priority=MIXED
            if before.priority is MIXED and not priority
            else parse_priority(priority),
            max_in_flight=MIXED
            if before.max_in_flight is MIXED and not calls
            else parse_calls(calls),
            tier=self._tier.currentData(),
            note=MIXED if before.note is MIXED and not note else note,
        )


def _title(accounts: Sequence[AccountSnapshot]) -> str:
    if len(accounts) == 1:
        return f"Preferences of {text.account_name(accounts[0].label)}"
    return f"Preferences of {text.count(len(accounts), 'account')}"


def _shown(value: object, *, usual: object) -> str:
    return "" if isinstance(value, Mixed) or value == usual else str(value)
