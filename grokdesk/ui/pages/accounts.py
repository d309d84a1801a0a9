"""Accounts: the table, what can be done with the selected ones, and why one does not work."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from grokdesk.domain.account import Tier
from grokdesk.services.accounts import DEFAULT, AccountSnapshot
from grokdesk.ui import text
from grokdesk.ui.dialogs.ask import AskDialog, NameDialog
from grokdesk.ui.kit import Kit
from grokdesk.ui.models.accounts import AccountsModel
from grokdesk.ui.pages.page import Page
from grokdesk.ui.presenters.account_feed import AccountFeed
from grokdesk.ui.presenters.account_row import AccountRow
from grokdesk.ui.presenters.bulk import BulkResult, for_each
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
_WORDS_ABOVE = 860


class AccountsPage(Page):
    def __init__(self, kit: Kit) -> None:
        super().__init__(kit, "Accounts")
        services = kit.services
        self.model = AccountsModel(services.clock, self)
        self.table = AccountTable(self.model, kit.theme, services.clock, kit.clipboard)
        self._feed = AccountFeed(services.accounts, services.tasks, self._install)
        self._bulk: asyncio.Task[BulkResult | None] | None = None
        self._loaded = False
        self._add_header()
        self._add_table()
        self._wire_actions()
        self.follow(kit.bridge.accounts_changed, kit.bridge.account_list_changed)

    def refresh(self) -> None:
        self._feed.reload()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.account_actions.set_compact(event.size().width() < self.kit.theme.scaled(_WORDS_ABOVE))

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
        self.details = AccountDetails(kit.theme, kit.services.clock)
        card = Card(spacing=0, margin=1)
        tools = row(self.account_actions.toolbar(), None, self._selection, spacing=SMALL)
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
            "The filter looks at labels, e-mail addresses, tiers, states and token endings.",
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
        actions, accounts = self.account_actions, self.kit.services.accounts
        actions.check.triggered.connect(
            lambda: self._for_selected(
                "checked", lambda account: accounts.probe(account.id), _enabled, slow=True
            )
        )
        actions.enable.triggered.connect(lambda: self._set_enabled(True))
        actions.disable.triggered.connect(lambda: self._set_enabled(False))
        actions.rename.triggered.connect(self._ask_name)
        actions.remove.triggered.connect(self._ask_removal)
        actions.copy.triggered.connect(self.table.copy_selected)
        actions.on_tier(self._set_tier)
        self.table.menu_wanted.connect(actions.popup)
        self.table.selection_changed.connect(self._selected)

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
        self.details.show_accounts(selected)
        self._selection.setText(f"{text.number(len(selected))} selected" if selected else "")

    def _filter_soon(self, _needle: str) -> None:
        self._filter_timer.start()

    def _for_selected(
        self,
        verb: str,
        call: Callable[[AccountSnapshot], Awaitable[object]],
        wanted: Callable[[AccountSnapshot], bool],
        *,
        slow: bool = False,
    ) -> None:
        accounts = [a for a in self.table.selected() if wanted(a) and not a.demo]
        if not accounts or (self._bulk is not None and not self._bulk.done()):
            return
        progress = partial(self._show_progress, verb) if slow else lambda _done, _total: None
        self._bulk = self.kit.calls.begin(
            for_each(accounts, call, progress),
            name=f"accounts {verb}",
            info=self.info,
            done=lambda result: self._tell(result, verb, say_success=slow),
        )
        if slow:
            self._show_progress(verb, 0, len(accounts))

    def _show_progress(self, verb: str, done: int, total: int) -> None:
        words = f"{text.number(done)} of {text.count(total, 'account')} {verb}."
        self.info.say(words, action="Stop", act=self._stop)

    def _stop(self) -> None:
        if self._bulk is not None:
            self._bulk.cancel()

    def _tell(self, result: BulkResult, verb: str, *, say_success: bool) -> None:
        if result.failures:
            self.info.say(result.sentence(verb), tone="bad")
        elif say_success:
            self.info.say(result.sentence(verb), tone="ok")

    def _set_enabled(self, on: bool) -> None:
        accounts = self.kit.services.accounts
        self._for_selected(
            "enabled" if on else "disabled",
            lambda account: accounts.configure(account.id, enabled=on),
            lambda account: account.enabled is not on,
        )

    def _set_tier(self, tier: Tier | None) -> None:
        accounts = self.kit.services.accounts
        self._for_selected(
            "changed",
            lambda account: accounts.configure(account.id, tier=tier or DEFAULT),
            lambda _account: True,
        )

    def _ask_name(self) -> None:
        selected = self.table.selected()
        if len(selected) != 1:
            return
        NameDialog(
            self,
            "Rename account",
            label="Label",
            value=selected[0].label,
            yes="Rename",
            on_name=partial(self._rename, selected[0].id),
        ).open()

    def _rename(self, account_id: str, label: str) -> None:
        self.kit.calls.run(
            self.kit.services.accounts.configure(account_id, label=label),
            name="rename account",
            info=self.info,
        )

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
            on_yes=partial(self._remove, [account.id for account in selected]),
            danger=True,
            typed=number if len(selected) > _TYPE_TO_REMOVE_ABOVE else "",
        ).open()

    def _remove(self, account_ids: Sequence[str]) -> None:
        self.kit.calls.run(
            self.kit.services.accounts.remove(account_ids),
            name="remove accounts",
            info=self.info,
            done=lambda removed: self.info.say(f"{text.count(removed, 'account')} removed."),
        )


def _enabled(account: AccountSnapshot) -> bool:
    return account.enabled


def _named(accounts: Sequence[AccountSnapshot]) -> str:
    names = ", ".join(text.account_name(account.label) for account in accounts[:3])
    more = len(accounts) - 3
    return f"{names} and {text.number(more)} more." if more > 0 else f"{names}."
