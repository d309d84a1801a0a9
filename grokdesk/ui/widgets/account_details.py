"""The strip under the table: why the selected account is in its state."""

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QHBoxLayout

from grokdesk.domain.account import AccountState
from grokdesk.kernel.clock import Clock
from grokdesk.services.accounts import AccountSnapshot
from grokdesk.ui import text
from grokdesk.ui.presenters.account_row import details
from grokdesk.ui.theme import Theme
from grokdesk.ui.tokens import LARGE, MEDIUM
from grokdesk.ui.widgets.labels import PlainLabel
from grokdesk.ui.widgets.looks import column
from grokdesk.ui.widgets.marks import ACCOUNT_MARKS, MarkWidget


class AccountDetails(QFrame):
    def __init__(self, theme: Theme, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.setProperty("kind", "card")
        self._mark = MarkWidget(theme, ACCOUNT_MARKS[AccountState.READY], size=14)
        self._title = PlainLabel(role="strong")
        self._words = PlainLabel(role="muted", wrap=True, selectable=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(LARGE, MEDIUM, LARGE, MEDIUM)
        layout.setSpacing(MEDIUM)
        layout.addLayout(column(3, self._mark, None, spacing=0))
        layout.addLayout(column(self._title, self._words, spacing=2), 1)
        self.hide()

    @property
    def words(self) -> str:
        return self._words.text()

    def show_accounts(self, accounts: Sequence[AccountSnapshot]) -> None:
        """Only a single account has something to explain."""
        self.setVisible(len(accounts) == 1)
        if len(accounts) != 1:
            return
        account = accounts[0]
        self._mark.show_mark(ACCOUNT_MARKS[account.state])
        self._title.setText(_title(account))
        self._words.setText(self._sentences(account))

    def _sentences(self, account: AccountSnapshot) -> str:
        now = self._clock.now()
        checked = (
            f"Checked {text.ago(now - account.probed_at)}."
            if account.probed_at is not None
            else "Never checked."
        )
        return f"{details(account, now)} {checked}"


def _title(account: AccountSnapshot) -> str:
    parts = [text.account_name(account.label), text.state_name(account.state)]
    if account.email and account.email != account.label:
        parts.insert(1, text.one_line(text.masked_email(account.email), 60))
    if account.tier is not None:
        pinned = " (set by you)" if account.tier_pinned else ""
        parts.append(f"{text.tier_name(account.tier)}{pinned}")
    return "  ·  ".join(parts)
