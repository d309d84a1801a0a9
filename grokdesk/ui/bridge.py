"""Bus events become Qt signals, at most ten times a second and once per subject."""

from PySide6.QtCore import QObject, QTimer, Signal

from grokdesk.domain.events import (
    AccountChanged,
    AccountsChanged,
    ApiKeysChanged,
    Event,
    GatewayChanged,
    ImportProgress,
    RequestFinished,
    SessionRenewed,
    SettingsChanged,
    UpstreamHealthChanged,
)
from grokdesk.kernel.bus import EventBus

_PERIOD_MS = 100


class EventBridge(QObject):
    """One timer serves all signals; it stands still while nothing happens."""

    accounts_changed = Signal(frozenset)
    """Ids of the accounts that look different."""
    account_list_changed = Signal()
    """Accounts were added or removed."""
    gateway_changed = Signal()
    api_keys_changed = Signal()
    requests_finished = Signal(tuple)
    """The usage rows since the last time."""
    settings_changed = Signal(frozenset)
    import_progress = Signal(ImportProgress)
    health_changed = Signal()
    """grok.com began or ceased to answer."""
    session_renewed = Signal()
    """There is a new browser session, or none could be had."""

    def __init__(self, bus: EventBus, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pending: dict[tuple[type[Event], str], Event] = {}
        self._timer = QTimer(self, interval=_PERIOD_MS, singleShot=True)
        self._timer.timeout.connect(self.flush)
        self._unsubscribe = bus.subscribe(Event, self._take)

    def close(self) -> None:
        self._unsubscribe()
        self._timer.stop()
        self._pending.clear()

    def flush(self) -> None:
        pending, self._pending = self._pending, {}
        events = tuple(pending.values())
        self._tell_accounts(events)
        self._tell_the_rest(events)

    def _take(self, event: Event) -> None:
        key = (type(event), event.subject)
        earlier = self._pending.pop(key, None)
        if isinstance(event, SettingsChanged) and isinstance(earlier, SettingsChanged):
            event = SettingsChanged(earlier.keys | event.keys)
        self._pending[key] = event
        if not self._timer.isActive():
            self._timer.start()

    def _tell_accounts(self, events: tuple[Event, ...]) -> None:
        if any(isinstance(event, AccountsChanged) for event in events):
            self.account_list_changed.emit()
        ids = frozenset(event.account_id for event in events if isinstance(event, AccountChanged))
        if ids:
            self.accounts_changed.emit(ids)
        rows = tuple(event.row for event in events if isinstance(event, RequestFinished))
        if rows:
            self.requests_finished.emit(rows)

    def _tell_the_rest(self, events: tuple[Event, ...]) -> None:
        for event in events:
            match event:
                case GatewayChanged():
                    self.gateway_changed.emit()
                case ApiKeysChanged():
                    self.api_keys_changed.emit()
                case SettingsChanged(keys):
                    self.settings_changed.emit(keys)
                case ImportProgress():
                    self.import_progress.emit(event)
                case UpstreamHealthChanged():
                    self.health_changed.emit()
                case SessionRenewed():
                    self.session_renewed.emit()
                case _:
                    pass
