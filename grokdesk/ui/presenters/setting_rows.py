"""The settings as titled rows in sections, made from what each setting says about itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from grokdesk.settings.declaration import Value
from grokdesk.settings.model import declaration_of
from grokdesk.settings.service import SettingInfo

_SECTIONS = {
    "ui": "Window",
    "gateway": "Gateway",
    "pool": "Choice of accounts",
    "accounts": "Import and storage",
    "upstream": "Connection to grok.com",
    "quota": "Quota",
    "models": "Models",
    "attachments": "Pictures and files",
    "responses": "Stored responses",
    "metrics": "Monitoring",
    "logs": "Logs",
}

# Where the words of the key would not read well.
_TITLES = {
    "gateway.host": "Address to listen on",
    "gateway.listen_ipv6": "Listen on IPv6 too",
    "gateway.heartbeat_s": "Sign of life",
    "gateway.max_body_mb": "Largest request",
    "gateway.allowed_origins": "Allowed web pages",
    "gateway.host_names": "Further host names",
    "gateway.demo": "Demo mode",
    "gateway.ollama": "Ollama's API",
    "gateway.ollama_open": "Ollama's API without a key",
    "upstream.web_url": "Web address",
    "upstream.assets_url": "Address of files",
    "upstream.socket_url": "Address of the socket",
    "upstream.connect_timeout_s": "Time to connect",
    "upstream.first_byte_timeout_s": "Time to the first byte",
    "upstream.idle_timeout_s": "Longest silence",
    "upstream.turn_timeout_s": "Longest reply",
    "upstream.flaresolverr_url": "Address of FlareSolverr",
    "upstream.flaresolverr_interval_s": "Asked every",
    "upstream.flaresolverr_timeout_s": "Longest time for the check",
    "pool.max_in_flight": "Calls per account at once",
    "pool.max_accounts_per_request": "Accounts per request",
    "pool.retry_pause_s": "Pause before a second try",
    "pool.longest_retry_pause_s": "Longest pause between tries",
    "pool.retry_budget_s": "Time for all tries",
    "quota.readings_per_minute": "Readings a minute",
    "quota.basic_interval_s": "Basic accounts",
    "quota.paid_interval_s": "Super and heavy accounts",
    "models.list_aliases": "Aliases in the list of models",
    "responses.retention_days": "Time to keep",
    "attachments.max_count": "Files per request",
    "attachments.max_image_side": "Longest side of a picture",
    "attachments.max_file_mb": "Largest file",
    "attachments.fetch_remote": "Fetch from the web",
    "attachments.allow_http": "Fetch over http",
    "attachments.fetch_ports": "Further ports",
    "metrics.enabled": "Figures for Prometheus",
    "accounts.probe_on_import": "Check accounts after import",
    "accounts.vault": "Where tokens are kept",
    "ui.close_to_tray": "Close to the tray",
    "ui.start_minimized": "Start in the tray",
}


@dataclass(frozen=True, slots=True)
class SettingRow:
    title: str
    info: SettingInfo

    @property
    def is_default(self) -> bool:
        return self.info.value == self.info.default

    @property
    def help(self) -> str:
        notes = [self.info.doc]
        if self.info.pinned_by:
            notes.append(f"Set by {self.info.pinned_by}; it can only be changed there.")
        elif self.info.needs_restart:
            notes.append("Takes effect at the next start.")
        return " ".join(notes)


@dataclass(frozen=True, slots=True)
class SettingSection:
    name: str
    """As the keys begin."""
    title: str
    rows: tuple[SettingRow, ...]


def sections_of(settings: Iterable[SettingInfo]) -> tuple[SettingSection, ...]:
    """In our order of interest; sections that we have no title for come last."""
    order = list(_SECTIONS)

    def section(info: SettingInfo) -> str:
        return info.key.partition(".")[0]

    def place(info: SettingInfo) -> int:
        return order.index(section(info)) if section(info) in order else len(order)

    grouped = groupby(sorted(settings, key=place), key=section)
    return tuple(
        SettingSection(
            name,
            _SECTIONS.get(name, name.capitalize()),
            tuple(row_of(info) for info in infos),
        )
        for name, infos in grouped
    )


def row_of(info: SettingInfo) -> SettingRow:
    return SettingRow(_title(info.key), info)


def problem_with(key: str, value: Value, title: str) -> str:
    """Why the setting cannot have the value, as a sentence about `title`; empty: it can."""
    rule = declaration_of(key).setting.rule
    try:
        if rule is not None:
            rule(value)
    except ValueError as error:
        return f"{title} {error}."
    return ""


def choice_name(value: str) -> str:
    """`high_quota_first` as `High quota first`; short names like `mgw` stay."""
    return value.replace("_", " ").capitalize() if len(value) > 3 else value


def _title(key: str) -> str:
    name = key.partition(".")[2]
    return _TITLES.get(key, name.replace("_", " ").capitalize())
