"""Past-tense facts on the bus. `subject` lets a listener keep only the newest per subject."""

from dataclasses import dataclass

from grokdesk.domain.quota import Mode
from grokdesk.domain.usage import UsageRow


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    @property
    def subject(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class AccountChanged(Event):
    """Anything shown about the account changed: state, windows, in flight, label."""

    account_id: str

    @property
    def subject(self) -> str:
        return self.account_id


@dataclass(frozen=True, slots=True)
class AccountsChanged(Event):
    """Accounts were added or removed."""


@dataclass(frozen=True, slots=True)
class GatewayChanged(Event):
    """State, address, mode or the number of running requests changed."""


@dataclass(frozen=True, slots=True)
class ApiKeysChanged(Event):
    """A key was created, changed or revoked, or has expired."""


@dataclass(frozen=True, slots=True)
class ApiKeyEnded(Event):
    """A key opens nothing any more: it was revoked or switched off, or has expired."""

    key_id: str
    reason: str
    """One sentence for whoever uses it."""

    @property
    def subject(self) -> str:
        return self.key_id


@dataclass(frozen=True, slots=True)
class RequestFinished(Event):
    """Announced once per request, however it ended."""

    row: UsageRow

    @property
    def subject(self) -> str:
        return self.row.request_id


@dataclass(frozen=True, slots=True)
class AttemptFinished(Event):
    """One try with one account. `outcome` is `ok`, `cancelled` or the name of the error class;
    `verdict` is a `verdict.Verdict`, empty for the first two. Times in seconds."""

    model: str
    mode: Mode
    account_id: str
    outcome: str
    verdict: str
    seconds: float
    lease_wait_s: float


@dataclass(frozen=True, slots=True)
class UpstreamHealthChanged(Event):
    """The circuit breaker: `state` is closed, open or half_open; `until` is Unix time."""

    state: str
    until: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SessionRenewed(Event):
    """The browser session was renewed after a challenge; `ok`: another try may succeed."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SettingsChanged(Event):
    """New settings are in force; `keys` are `section.name`."""

    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class ImportProgress(Event):
    """`done` of `total` tokens of a running import are settled."""

    import_id: str
    done: int
    total: int

    @property
    def subject(self) -> str:
        return self.import_id
