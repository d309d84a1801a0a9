"""Settings of what clients see: the gateway, models, attachments, kept responses."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from grokdesk.settings import lists, rules
from grokdesk.settings.declaration import Setting

DemoMode: TypeAlias = Literal["auto", "always", "never"]


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
