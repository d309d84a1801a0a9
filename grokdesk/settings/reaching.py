"""Settings of the way to grok.com and of the accounts that go it."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from grokdesk.settings import rules
from grokdesk.settings.declaration import Setting

ChatTransport: TypeAlias = Literal["auto", "mgw", "rest"]
ClearanceMode: TypeAlias = Literal["none", "manual", "flaresolverr"]
StatsigMode: TypeAlias = Literal["none", "pasted"]
Selection: TypeAlias = Literal["high_quota_first", "round_robin", "random"]
VaultKind: TypeAlias = Literal["auto", "keyring", "sealed", "memory"]


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
