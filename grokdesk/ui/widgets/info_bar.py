"""A sentence in place: an error, a result or a notice, with at most one action."""

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout

from grokdesk.ui.icons import Icons
from grokdesk.ui.sentences import Explanation, Remedy
from grokdesk.ui.tokens import MEDIUM, SMALL
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.icon_label import IconLabel
from grokdesk.ui.widgets.labels import PlainLabel, announce
from grokdesk.ui.widgets.looks import restyle

_ICONS = {"bad": "warning", "warn": "warning", "ok": "check", "info": "info"}


class InfoBar(QFrame):
    """Hidden until it has something to say. `on_remedy` performs what an error offers."""

    def __init__(
        self, icons: Icons, *, on_remedy: Callable[[Remedy], object] | None = None
    ) -> None:
        super().__init__()
        self._on_remedy = on_remedy
        self._action_call: Callable[[], object] | None = None
        self.setProperty("kind", "info")
        self._mark = IconLabel(icons, "info", "info")
        self._label = PlainLabel(wrap=True, selectable=True)
        self._action = make_button("", kind="", name="Action", clicked=self._act)
        self._close = make_button(
            "", icons, "close", kind="icon", name="Dismiss", tone="muted", clicked=self.clear
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(MEDIUM, SMALL, SMALL, SMALL)
        row.setSpacing(SMALL)
        row.addWidget(self._mark)
        row.addWidget(self._label, 1)
        row.addWidget(self._action)
        row.addWidget(self._close)
        self.hide()

    @property
    def sentence(self) -> str:
        return "" if self.isHidden() else self._label.text()

    def show_error(self, explanation: Explanation) -> None:
        remedy = explanation.remedy
        if remedy is Remedy.NONE or self._on_remedy is None:
            self.say(explanation.sentence, tone="bad")
        else:
            self.say(
                explanation.sentence,
                tone="bad",
                action=remedy.value,
                act=lambda: self._on_remedy and self._on_remedy(remedy),
            )

    def say(
        self,
        sentence: str,
        *,
        tone: str = "info",
        action: str = "",
        act: Callable[[], object] | None = None,
    ) -> None:
        """`tone` is bad, warn, ok or info."""
        self._label.setText(sentence)
        self._mark.show_icon(_ICONS[tone], tone)
        self._action_call = act
        self._action.setText(action)
        self._action.setAccessibleName(action or "Action")
        self._action.setVisible(bool(action))
        restyle(self, tone=tone)
        self.setAccessibleName(sentence)
        self.show()
        announce(self, sentence)

    def clear(self) -> None:
        self._action_call = None
        self.hide()

    def _act(self) -> None:
        call = self._action_call
        self.clear()
        if call is not None:
            call()
