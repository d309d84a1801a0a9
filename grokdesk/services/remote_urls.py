"""What a client wrote as an address on the web, to the one form that is checked and used."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from yarl import URL

from grokdesk.services.remote_addresses import Address, parse_address

_LONGEST = 8192
# Where the host ends must be beyond doubt before anybody takes the address apart.
_SHAPE = re.compile(
    r"https?://(?:\[[^][/?#@\\\x00-\x20]+\]|[^][/?#@:\\\x00-\x20\x7f]+)(?::[0-9]{1,5})?"
    r"(?:[/?#][^\\\x00-\x20\x7f]*)?",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_OWN_DOMAINS = frozenset(
    {"localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private"}
    | {"arpa", "test", "invalid", "example", "onion", "alt"}
)
"""Names under these lead into private networks, or nowhere."""


class Refused(Exception):  # noqa: N818 - an outcome; the caller says the same of each
    """This address is not fetched. The text is for our log alone."""


@dataclass(frozen=True, slots=True)
class RemoteUrl:
    """`text` is what is sent out; its port is always spelled out, its host in ASCII."""

    text: str
    is_https: bool
    host: str
    port: int
    literal: Address | None
    """The host, if it is an address and no name."""


def parse_url(text: str, *, allow_http: bool, ports: Collection[int]) -> RemoteUrl:
    """Raise Refused."""
    if len(text) > _LONGEST or not _SHAPE.fullmatch(text):
        raise Refused("it is no plain http address")
    try:
        url = URL(text)
        host, port = url.raw_host or "", url.port or 0
        # Where it can stay as it was written it does: addresses may be signed.
        path = URL(text, encoded=text.isascii()).raw_path_qs
    except ValueError:
        raise Refused("it cannot be taken apart") from None
    if url.raw_user is not None or url.raw_password is not None:
        raise Refused("it names a user")
    if url.scheme != "https" and not (allow_http and url.scheme == "http"):
        raise Refused("it is not https")
    if port not in ports:
        raise Refused("its port is not allowed")
    literal = parse_address(host)
    if literal is None:
        _check_name(host)
    place = f"[{host}]" if ":" in host else host
    canonical = f"{url.scheme}://{place}:{port}{path}"
    return RemoteUrl(canonical, url.scheme == "https", host, port, literal)


def _check_name(host: str) -> None:
    if not _NAME.fullmatch(host):
        raise Refused("its host is no name of the public internet")
    last = host.rpartition(".")[2]
    # Systems read 127.1, 0x7f.1 and 2130706433 as addresses; no public name ends in a number.
    if _NUMBER.fullmatch(last) or last in _OWN_DOMAINS:
        raise Refused("its host belongs to no public network")


def next_url(current: RemoteUrl, location: str) -> str:
    """Where a redirect leads, to be parsed like any other. Raise Refused."""
    if not location or len(location) > _LONGEST or not location.isascii() or "\\" in location:
        raise Refused("it redirects to nowhere")
    try:
        following = str(URL(current.text, encoded=True).join(URL(location, encoded=True)))
    except ValueError:
        raise Refused("it redirects to what is no address") from None
    if current.is_https and not following.lower().startswith("https://"):
        raise Refused("it redirects from https to http")
    return following
