"""API keys: who may use the gateway, how much, and what they used."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from grokdesk.domain.apikey import ApiKey
from grokdesk.domain.usage import KeyUsage
from grokdesk.ui import text
from grokdesk.ui.dialogs.ask import AskDialog
from grokdesk.ui.dialogs.key_edit import KeyDialog
from grokdesk.ui.dialogs.key_made import KeyMadeDialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.models.keys import KeysModel
from grokdesk.ui.pages.key_commands import KeyCommands, question
from grokdesk.ui.pages.page import Page
from grokdesk.ui.presenters.key_row import build_row
from grokdesk.ui.tokens import MEDIUM, SMALL
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.empty import EmptyState
from grokdesk.ui.widgets.fields import search_field
from grokdesk.ui.widgets.key_actions import KeyActions
from grokdesk.ui.widgets.key_details import KeyDetails
from grokdesk.ui.widgets.key_table import KeyTable
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import Card, row

_MANY = 6
"""More than that are worth a filter."""
_FILTER_AFTER_MS = 80
_COUNT_AFTER_MS = 1_000
_REFRESH_MS = 30_000
"""Expiries and midnight; everything else arrives as an event."""
_BESIDE_TOOLS = 160
"""What margins and the count of the selected ones need."""


class KeysPage(Page):
    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "API keys")
        self.model = KeysModel(kit.services.clock, self)
        self.table = KeyTable(self.model, kit.theme, kit.services.clock, kit.clipboard)
        self.commands = KeyCommands(kit, self.info)
        self._usage: Mapping[str, KeyUsage] | None = None
        self._add_header()
        self._add_table()
        self._wire_actions()
        self._follow_use()
        self.follow(kit.bridge.api_keys_changed)

    def refresh(self) -> None:
        self._show_keys()
        self.kit.calls.run(
            self.kit.services.usage.by_key(), name="usage by API key", done=self._take_usage
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.kit.theme.scaled(_BESIDE_TOOLS)
        self.key_actions.fit_width(event.size().width() - beside)

    def new_key(self) -> None:
        KeyDialog(self, self.kit, on_made=self._made).open()

    def _add_header(self) -> None:
        self._counter = PlainLabel(role="muted")
        self.filter = search_field("Filter API keys", self.kit.icons, self._filter_soon)
        self.filter.setFixedWidth(220)
        self._filter_timer = QTimer(self, interval=_FILTER_AFTER_MS, singleShot=True)
        self._filter_timer.timeout.connect(lambda: self.model.set_filter(self.filter.text()))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.filter.setFocus)
        QShortcut(QKeySequence(QKeySequence.StandardKey.New), self, self.new_key)
        self._new = self._new_button("New key…")
        for widget in (self._counter, self.filter, self._new):
            self.header.addWidget(widget)

    def _add_table(self) -> None:
        self.key_actions = KeyActions(self, self.kit.icons)
        self._selection = PlainLabel(role="muted")
        self.details = KeyDetails(self.kit)
        card = Card(spacing=0, margin=1)
        tools = row(self.key_actions.bar, None, self._selection, spacing=SMALL)
        tools.setContentsMargins(SMALL, SMALL, MEDIUM, SMALL)
        card.body.addLayout(tools)
        card.body.addWidget(self.table, 1)
        self._filled = QWidget()
        layout = QVBoxLayout(self._filled)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(MEDIUM)
        layout.addWidget(card, 1)
        layout.addWidget(self.details)
        self._nothing_found = EmptyState(
            self.kit.icons,
            "search",
            "No API key matches",
            "The filter looks at names, endings, states, models and model names.",
            make_button("Clear the filter", clicked=self.filter.clear),
        )
        self._nothing_yet = EmptyState(
            self.kit.icons,
            "key",
            "No API keys yet",
            "A program needs a key to use the gateway. Give each program one of its own: then you "
            "see what it uses, can limit it, and can revoke it without touching the others.",
            self._new_button("New key"),
        )
        self._stack = QStackedWidget()
        for widget in (self._filled, self._nothing_found, self._nothing_yet):
            self._stack.addWidget(widget)
        self.add_body().addWidget(self._stack)
        self.model.counted.connect(self._count)

    def _new_button(self, words: str) -> QPushButton:
        return make_button(words, self.kit.icons, "plus", kind="primary", clicked=self.new_key)

    def _wire_actions(self) -> None:
        actions, selected = self.key_actions, self.table.selected
        actions.edit.triggered.connect(self._edit)
        actions.switch_on.triggered.connect(lambda: self.commands.set_enabled(selected(), on=True))
        actions.switch_off.triggered.connect(
            lambda: self.commands.set_enabled(selected(), on=False)
        )
        actions.revoke.triggered.connect(self._ask_revocation)
        actions.copy.triggered.connect(self.table.copy_selected)
        self.table.menu_wanted.connect(actions.popup)
        self.table.activated.connect(self._edit)
        self.table.selection_changed.connect(self._selected)

    def _follow_use(self) -> None:
        """Requests may end by the dozen; their sums are read once a second at most."""
        self._count_timer = QTimer(self, interval=_COUNT_AFTER_MS, singleShot=True)
        self._count_timer.timeout.connect(self.refresh_if_visible)
        self.kit.bridge.requests_finished.connect(self._count_soon)
        self._timer = QTimer(self, interval=_REFRESH_MS)
        self._timer.timeout.connect(self.refresh_if_visible)
        self._timer.start()

    def _count_soon(self) -> None:
        if not self._count_timer.isActive():
            self._count_timer.start()

    def _take_usage(self, usage: Mapping[str, KeyUsage]) -> None:
        self._usage = usage
        self._show_keys()

    def _show_keys(self) -> None:
        services, usage = self.kit.services, self._usage
        now = services.clock.now()
        self.model.install(
            build_row(key, None if usage is None else usage.get(key.id, KeyUsage()), now)
            for key in services.keys.list()
        )

    def _count(self, shown: int, total: int) -> None:
        self._counter.setText(
            text.count(total, "API key")
            if shown == total
            else f"{text.number(shown)} of {text.number(total)} shown"
        )
        self._counter.setVisible(total > 0)
        self._new.setVisible(total > 0)
        self.filter.setVisible(total > _MANY or bool(self.filter.text()))
        if shown:
            self._stack.setCurrentWidget(self._filled)
        else:
            self._stack.setCurrentWidget(self._nothing_found if total else self._nothing_yet)
        self._selected()

    def _selected(self) -> None:
        rows = self.table.selected_rows()
        self.key_actions.fit(self.table.selected())
        self.details.show_selected([self.model.shown[place] for place in rows])
        self._selection.setText(f"{text.number(len(rows))} selected" if rows else "")

    def _filter_soon(self, _needle: str) -> None:
        self._filter_timer.start()

    def _made(self, key: ApiKey, secret: str) -> None:
        self.filter.clear()
        self._show_keys()
        self.table.select_key(key.id)
        KeyMadeDialog(self, self.kit, key, secret).open()

    def _edit(self) -> None:
        selected = self.table.selected()
        if len(selected) == 1:
            KeyDialog(self, self.kit, selected[0]).open()

    def _ask_revocation(self) -> None:
        selected = self.table.selected()
        if not selected:
            return
        title, explanation = question(selected)
        AskDialog(
            self,
            title,
            explanation,
            yes="Revoke",
            on_yes=partial(self.commands.revoke, selected),
            danger=True,
        ).open()
