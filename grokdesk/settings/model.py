"""Every setting, declared once: the file, the environment, the page and the manual follow."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from grokdesk.domain.errors import SettingsError
from grokdesk.settings import lists, rules
from grokdesk.settings.declaration import Declaration, Setting, Value, declarations_of

DemoMode: TypeAlias = Literal["auto", "always", "never"]
ChatTransport: TypeAlias = Literal["auto", "mgw", "rest"]
ClearanceMode: TypeAlias = Literal["none", "manual", "flaresolverr"]
StatsigMode: TypeAlias = Literal["none", "pasted"]
Selection: TypeAlias = Literal["high_quota_first", "round_robin", "random"]
VaultKind: TypeAlias = Literal["auto", "keyring", "sealed", "memory"]
Theme: TypeAlias = Literal["system", "light", "dark"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What chat programs connect to."""

    host: Annotated[
        str,
        Setting(
            "The address to listen on; with 127.0.0.1 only programs on this computer can connect.",
            rule=rules.bind_host,
        ),
    ] = "127.0.0.1"
    listen_ipv6: Annotated[
        bool, Setting("Listen on ::1 as well when the address is 127.0.0.1 or localhost.")
    ] = True
    port: Annotated[
        int,
        Setting(
            "The port to listen on; 0 takes any free one, anew at each start.",
            rule=rules.between(0, 65_535),
        ),
    ] = 18_787
    heartbeat_s: Annotated[
        float,
        Setting(
            "Silence after which a waiting client gets a sign of life, lest it hang up.",
            unit="s",
            rule=rules.between(1.0, 300.0),
        ),
    ] = 15.0
    max_body_mb: Annotated[
        int, Setting("The largest request accepted.", unit="MB", rule=rules.between(1, 512))
    ] = 64
    allowed_origins: Annotated[
        str,
        Setting(
            "Web pages and browser extensions that may use the gateway, such as "
            "https://chat.example.com or app://obsidian.md, with commas between them; they need "
            "an API key, too.",
            rule=lists.origins,
        ),
    ] = ""
    host_names: Annotated[
        str,
        Setting(
            "Further names under which clients reach this computer, such as my-nas or "
            "tunnel.example:443, with commas between them.",
            rule=lists.host_names,
        ),
    ] = ""
    demo: Annotated[
        DemoMode,
        Setting(
            "Whether a built-in imitation of grok.com answers: auto does so while there is no "
            "account yet."
        ),
    ] = "auto"
    ollama: Annotated[
        bool,
        Setting("Speak Ollama's API as well, at /api, for editors that know nothing else."),
    ] = False
    ollama_open: Annotated[
        bool,
        Setting(
            "Let programs on this computer use Ollama's API without an API key: most of its "
            "clients cannot send one. So can every other user and program here."
        ),
    ] = False

    @property
    def is_exposed(self) -> bool:
        """Whether other computers can reach the gateway."""
        return not rules.is_loopback(self.host)


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """How grok.com is reached."""

    web_url: Annotated[
        str,
        Setting(
            "Where grok.com is; tokens are sent there, so only grok.com and this computer are "
            "accepted.",
            rule=rules.web_origin,
            needs_restart=True,
        ),
    ] = "https://grok.com"
    assets_url: Annotated[
        str,
        Setting(
            "Where pictures and files are; empty: as the web address says.",
            rule=rules.asset_origin,
            needs_restart=True,
        ),
    ] = ""
    socket_url: Annotated[
        str,
        Setting(
            "Where the chat socket is; empty: as the web address says.",
            rule=rules.socket_url,
            needs_restart=True,
        ),
    ] = ""
    chat_transport: Annotated[
        ChatTransport,
        Setting("How chats travel: mgw is the socket, rest the older way, auto tries both."),
    ] = "auto"
    proxy_url: Annotated[
        str,
        Setting(
            "The way to grok.com: system takes the proxy of this computer, none takes no proxy; "
            "or the address of one, such as socks5h://127.0.0.1:1080. A password is kept with the "
            "tokens.",
            rule=rules.proxy_choice,
        ),
    ] = rules.SYSTEM_PROXY
    assets_proxy_url: Annotated[
        str,
        Setting(
            "The same for pictures and files; empty: as for all else.",
            rule=rules.other_proxy_choice,
        ),
    ] = ""
    clearance: Annotated[
        ClearanceMode,
        Setting(
            "How Cloudflare's browser check is passed: none does nothing about it, manual sends "
            "the cookie and User-Agent that were pasted, flaresolverr asks that program."
        ),
    ] = "none"
    flaresolverr_url: Annotated[
        str,
        Setting(
            "Where FlareSolverr answers, on this computer or behind https; it sees the cookies "
            "that it obtains and the proxy.",
            rule=rules.solver_url,
        ),
    ] = "http://127.0.0.1:8191"
    flaresolverr_interval_s: Annotated[
        float,
        Setting(
            "How often it is asked anew; 0 is only after a check was demanded.",
            unit="s",
            rule=rules.zero_or_between(60.0, 86_400.0),
        ),
    ] = 600.0
    flaresolverr_timeout_s: Annotated[
        float,
        Setting("How long it may take.", unit="s", rule=rules.between(5.0, 600.0)),
    ] = 60.0
    statsig: Annotated[
        StatsigMode,
        Setting(
            "Whether requests by the older way carry the x-statsig-id that was pasted; the socket "
            "needs none."
        ),
    ] = "none"
    connect_timeout_s: Annotated[
        float,
        Setting("Time to reach grok.com.", unit="s", rule=rules.between(1.0, 120.0)),
    ] = 10.0
    first_byte_timeout_s: Annotated[
        float,
        Setting("Time until a reply begins.", unit="s", rule=rules.between(1.0, 3_600.0)),
    ] = 30.0
    idle_timeout_s: Annotated[
        float,
        Setting(
            "Longest silence in the middle of a reply.", unit="s", rule=rules.between(1.0, 3_600.0)
        ),
    ] = 120.0
    turn_timeout_s: Annotated[
        float,
        Setting(
            "Longest time for a whole reply; 0 is no limit.",
            unit="s",
            rule=rules.between(0.0, 86_400.0),
        ),
    ] = 0.0


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Which account serves a call."""

    selection: Annotated[
        Selection,
        Setting(
            "Which ready account is taken: the one with most quota left, each in turn, or any."
        ),
    ] = "high_quota_first"
    max_in_flight: Annotated[
        int, Setting("Calls that one account runs at once.", rule=rules.between(1, 100))
    ] = 8
    max_accounts_per_request: Annotated[
        int,
        Setting("Accounts that a request may try before it gives up.", rule=rules.between(1, 50)),
    ] = 5
    tries_per_account: Annotated[
        int,
        Setting("How often a request may try the same account.", rule=rules.between(1, 10)),
    ] = 2
    retry_pause_s: Annotated[
        float,
        Setting(
            "Pause before an account is tried again; it doubles each time.",
            unit="s",
            rule=rules.between(0.05, 60.0),
        ),
    ] = 0.5
    longest_retry_pause_s: Annotated[
        float,
        Setting("The longest such pause.", unit="s", rule=rules.between(0.05, 600.0)),
    ] = 20.0
    retry_budget_s: Annotated[
        float,
        Setting(
            "After this time nothing is tried again, and a request waits no longer for a busy "
            "account.",
            unit="s",
            rule=rules.between(1.0, 3_600.0),
        ),
    ] = 60.0


@dataclass(frozen=True, slots=True)
class AccountsSettings:
    """How accounts are added and kept."""

    probe_on_import: Annotated[
        bool, Setting("Ask grok.com for the tier and quota of each imported account at once.")
    ] = True
    vault: Annotated[
        VaultKind,
        Setting(
            "Where tokens are kept: in the system's keyring, sealed in the database, or in memory "
            "until the program ends; auto decides by their number.",
            needs_restart=True,
        ),
    ] = "auto"


@dataclass(frozen=True, slots=True)
class QuotaSettings:
    """How often grok.com is asked what is left."""

    readings_per_minute: Annotated[
        int,
        Setting(
            "The most accounts whose quota is read in a minute, unless you ask for it.",
            rule=rules.between(1, 600),
        ),
    ] = 30
    basic_interval_s: Annotated[
        float,
        Setting(
            "The quota of a basic account is read at least this often.",
            unit="s",
            rule=rules.between(600.0, 604_800.0),
        ),
    ] = 86_400.0
    paid_interval_s: Annotated[
        float,
        Setting(
            "The quota of a super or heavy account is read at least this often.",
            unit="s",
            rule=rules.between(600.0, 604_800.0),
        ),
    ] = 7_200.0


@dataclass(frozen=True, slots=True)
class AttachmentSettings:
    """Pictures and files in conversations."""

    max_count: Annotated[
        int,
        Setting(
            "The most pictures and files that go to grok.com with one request; of more, the newest "
            "ones do.",
            rule=rules.between(1, 32),
        ),
    ] = 8
    max_image_side: Annotated[
        int,
        Setting(
            "Larger pictures are made smaller until no side is longer than this many pixels.",
            rule=rules.between(256, 16_384),
        ),
    ] = 2_048
    max_file_mb: Annotated[
        int, Setting("The largest file accepted.", unit="MB", rule=rules.between(1, 64))
    ] = 32
    fetch_remote: Annotated[
        bool,
        Setting(
            "Fetch what a client sends as an address on the web. Only the public internet is "
            "reached, also where a proxy resolves the names: they must be public from here, too."
        ),
    ] = True
    allow_http: Annotated[
        bool, Setting("Fetch over http as well, which others on the way can read and change.")
    ] = False
    fetch_ports: Annotated[
        str,
        Setting(
            "Ports beside 443 and 80 from which may be fetched, with commas between them.",
            rule=rules.ports,
        ),
    ] = ""


@dataclass(frozen=True, slots=True)
class ModelsSettings:
    """Names that clients may use for models."""

    aliases: Annotated[
        str,
        Setting(
            "Further names for models, such as gpt-*=grok-chat-fast, claude-*=grok-chat-expert; "
            "* stands for anything, and the first that fits counts.",
            rule=rules.model_aliases,
        ),
    ] = ""
    list_aliases: Annotated[
        bool, Setting("Show those names, as far as they have no *, in the list of models.")
    ] = False


@dataclass(frozen=True, slots=True)
class ResponsesSettings:
    """Responses that clients ask to have stored."""

    retention_days: Annotated[
        int,
        Setting(
            "How long responses are kept on the disk where a program asks for it with store: true "
            "or background: true; 0 is never. All others are in memory, for an hour at most.",
            unit="days",
            rule=rules.between(0, 3_650),
        ),
    ] = 30


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Figures for monitoring."""

    enabled: Annotated[
        bool,
        Setting("Give figures in Prometheus' format at /metrics; they need an API key, too."),
    ] = False


@dataclass(frozen=True, slots=True)
class UiSettings:
    """The window."""

    theme: Annotated[Theme, Setting("Colours of the window.")] = "system"
    start_minimized: Annotated[bool, Setting("Start in the tray without a window.")] = False
    close_to_tray: Annotated[
        bool, Setting("Closing the window leaves the gateway running in the tray.")
    ] = True


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is written down."""

    level: Annotated[LogLevel, Setting("The least important kind of line to keep.")] = "info"


@dataclass(frozen=True, slots=True)
class Settings:
    """All values in force at one moment."""

    gateway: GatewaySettings = field(default_factory=GatewaySettings)
    upstream: UpstreamSettings = field(default_factory=UpstreamSettings)
    pool: PoolSettings = field(default_factory=PoolSettings)
    accounts: AccountsSettings = field(default_factory=AccountsSettings)
    quota: QuotaSettings = field(default_factory=QuotaSettings)
    attachments: AttachmentSettings = field(default_factory=AttachmentSettings)
    models: ModelsSettings = field(default_factory=ModelsSettings)
    responses: ResponsesSettings = field(default_factory=ResponsesSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    ui: UiSettings = field(default_factory=UiSettings)
    logs: LogSettings = field(default_factory=LogSettings)

    def value(self, key: str) -> Value:
        """By `section.name` of a declared setting."""
        section, name = key.split(".")
        value: Value = getattr(getattr(self, section), name)
        return value

    def with_values(self, values: Mapping[str, Value]) -> "Settings":
        """The values are accepted ones: this does not check."""
        by_section: dict[str, dict[str, Value]] = {}
        for key, value in values.items():
            section, name = key.split(".")
            by_section.setdefault(section, {})[name] = value
        return replace(
            self,
            **{
                section: replace(getattr(self, section), **changes)
                for section, changes in by_section.items()
            },
        )

    def differences(self, other: "Settings") -> frozenset[str]:
        return frozenset(key for key in DECLARATIONS if self.value(key) != other.value(key))


DECLARATIONS: Mapping[str, Declaration] = MappingProxyType(
    {declaration.key: declaration for declaration in declarations_of(Settings)}
)
"""By key, in the order in which they are shown."""


def declaration_of(key: str) -> Declaration:
    """SettingsError for a key that is not a setting, with the nearest one that is."""
    found = DECLARATIONS.get(key)
    if found is None:
        near = get_close_matches(key[:100], DECLARATIONS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise SettingsError(key, f"There is no setting {key[:100]!a}.{hint}")
    return found
