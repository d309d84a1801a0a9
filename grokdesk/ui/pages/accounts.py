"""Accounts: the table, what can be done with the selected ones, and why one does not work."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui import text
from grokdesk.ui.dialogs.ask import AskDialog
from grokdesk.ui.dialogs.preferences import PreferencesDialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.models.accounts import AccountsModel
from grokdesk.ui.pages.account_commands import AccountCommands
from grokdesk.ui.pages.page import Page
from grokdesk.ui.presenters.account_feed import AccountFeed
from grokdesk.ui.presenters.account_row import AccountRow
from grokdesk.ui.presenters.account_story import Help
from grokdesk.ui.tokens import MEDIUM, SMALL
from grokdesk.ui.widgets.account_actions import AccountActions
from grokdesk.ui.widgets.account_details import AccountDetails
from grokdesk.ui.widgets.account_table import AccountTable
from grokdesk.ui.widgets.buttons import make_button
from grokdesk.ui.widgets.empty import EmptyState
from grokdesk.ui.widgets.fields import search_field
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import Card, row

_TYPE_TO_REMOVE_ABOVE = 100
_FILTER_AFTER_MS = 80
_BESIDE_TOOLS = 160
"""What margins and the count of the selected ones need."""


class AccountsPage(Page):
    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "Accounts")
        services = kit.services
        self.model = AccountsModel(services.clock, self)
        self.table = AccountTable(self.model, kit.theme, services.clock, kit.clipboard)
        self._feed = AccountFeed(services.accounts, services.tasks, self._install)
        self.commands = AccountCommands(kit, self.info)
        self._loaded = False
        self._add_header()
        self._add_table()
        self._wire_actions()
        self.follow(kit.bridge.accounts_changed, kit.bridge.account_list_changed)

    def refresh(self) -> None:
        self._feed.reload()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.kit.theme.scaled(_BESIDE_TOOLS)
        self.account_actions.fit_width(event.size().width() - beside)

    def _add_header(self) -> None:
        self._counter = PlainLabel(role="muted")
        self.filter = search_field("Filter accounts", self.kit.icons, self._filter_soon)
        self.filter.setFixedWidth(220)
        self._filter_timer = QTimer(self, interval=_FILTER_AFTER_MS, singleShot=True)
        self._filter_timer.timeout.connect(lambda: self.model.set_filter(self.filter.text()))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.filter.setFocus)
        self._import = make_button(
            "Import…", self.kit.icons, "import", kind="primary", clicked=self.wants_import.emit
        )
        for widget in (self._counter, self.filter, self._import):
            self.header.addWidget(widget)

    def _add_table(self) -> None:
        kit = self.kit
        self.account_actions = AccountActions(self, kit.icons)
        self._selection = PlainLabel(role="muted")
        self.details = AccountDetails(kit)
        card = Card(spacing=0, margin=1)
        tools = row(self.account_actions.bar, None, self._selection, spacing=SMALL)
        tools.setContentsMargins(SMALL, SMALL, MEDIUM, SMALL)
        card.body.addLayout(tools)
        card.body.addWidget(self.table, 1)
        filled = QWidget()
        layout = QVBoxLayout(filled)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(MEDIUM)
        layout.addWidget(card, 1)
        layout.addWidget(self.details)
        self._nothing_found = EmptyState(
            kit.icons,
            "search",
            "No account matches",
            "The filter looks at labels, e-mail addresses, notes, tiers, states and token endings.",
            make_button("Clear the filter", clicked=self.filter.clear),
        )
        self._nothing_yet = EmptyState(
            kit.icons,
            "accounts",
            "No accounts yet",
            "Grokdesk answers with your own Grok accounts. Import the session token of at least "
            "one; it is kept in the keyring of this computer and is sent to grok.com alone.",
            make_button(
                "Import accounts",
                kit.icons,
                "import",
                kind="primary",
                clicked=self.wants_import.emit,
            ),
        )
        self._stack = QStackedWidget()
        for widget in (QWidget(), filled, self._nothing_found, self._nothing_yet):
            self._stack.addWidget(widget)
        self._filled = filled
        self.add_body().addWidget(self._stack)
        self.model.counted.connect(self._count)

    def _wire_actions(self) -> None:
        actions, commands, selected = self.account_actions, self.commands, self.table.selected
        actions.check.triggered.connect(lambda: commands.check(selected()))
        actions.quota.triggered.connect(lambda: commands.refresh_quota(selected()))
        actions.enable.triggered.connect(lambda: commands.set_enabled(selected(), on=True))
        actions.disable.triggered.connect(lambda: commands.set_enabled(selected(), on=False))
        actions.preferences.triggered.connect(self._ask_preferences)
        actions.remove.triggered.connect(self._ask_removal)
        actions.copy.triggered.connect(self.table.copy_selected)
        self.table.menu_wanted.connect(actions.popup)
        self.table.doubleClicked.connect(self._ask_preferences)
        self.table.selection_changed.connect(self._selected)
        self.details.help_wanted.connect(self._give_help)

    def _install(self, rows: tuple[AccountRow, ...]) -> None:
        self._loaded = True
        self.model.install(rows)

    def _count(self, shown: int, total: int) -> None:
        if not self._loaded:
            return
        self._counter.setText(
            text.count(total, "account")
            if shown == total
            else f"{text.number(shown)} of {text.number(total)} shown"
        )
        self._counter.setVisible(total > 0)
        self.filter.setVisible(total > 0)
        self._import.setVisible(total > 0)
        if shown:
            self._stack.setCurrentWidget(self._filled)
        else:
            self._stack.setCurrentWidget(self._nothing_found if total else self._nothing_yet)
        self._selected()

    def _selected(self) -> None:
        selected = self.table.selected()
        self.account_actions.fit(selected)
        self.details.show_selected(selected)
        self._selection.setText(f"{text.number(len(selected))} selected" if selected else "")

    def _filter_soon(self, _needle: str) -> None:
        self._filter_timer.start()

    def _give_help(self, wanted: str) -> None:
        match Help(wanted):
            case Help.IMPORT:
                self.wants_import.emit()
            case Help.CHECK:
                self.commands.check(self.table.selected())
            case Help.CONNECTION:
                self.wants_page.emit("connection")
            case Help.NONE:
                pass

    def _ask_preferences(self) -> None:
        selected = [account for account in self.table.selected() if not account.demo]
        if selected:
            PreferencesDialog(self, self.kit, selected, self.commands.configure).open()

    def _ask_removal(self) -> None:
        selected = [account for account in self.table.selected() if not account.demo]
        if not selected:
            return
        number = text.number(len(selected))
        AskDialog(
            self,
            f"Remove {text.count(len(selected), 'account')}?",
            f"{_named(selected)} The tokens are deleted from the keyring of this computer. "
            "The accounts at grok.com are not touched.",
            yes="Remove",
            on_yes=partial(self.commands.remove, [account.id for account in selected]),
            danger=True,
            typed=number if len(selected) > _TYPE_TO_REMOVE_ABOVE else "",
        ).open()


def _named(accounts: Sequence[AccountSnapshot]) -> str:
    names = ", ".join(text.account_name(account.label) for account in accounts[:3])
    more = len(accounts) - 3
    return f"{names} and {text.number(more)} more." if more > 0 else f"{names}."
