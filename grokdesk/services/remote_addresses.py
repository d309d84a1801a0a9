"""Which addresses are everybody's: where a client may send us, as opposed to our own networks."""

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

# Beside what Python's own table holds, which changes with its version.
_CLOSED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # behind a provider's NAT; Alibaba's metadata
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's host, though the address looks public
            "169.254.0.0/16",  # the metadata of most clouds
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo, ORCHID, benchmarks and other protocols
            "2001:db8::/32",
            "2002::/16",  # 6to4: a relay delivers to the IPv4 address inside
            "3fff::/20",
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def is_public(address: Address) -> bool:
    """Whether it is nobody's own, also by way of the IPv4 address that it may contain."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _CLOSED_V4)
    if address.scope_id is not None:
        return False
    mapped = address.ipv4_mapped or _translated(address)
    if mapped is not None:
        return is_public(mapped)
    if address not in _OPEN_V6 or any(address in network for network in _CLOSED_V6):
        return False
    inside = _tunnelled(address)
    return address.is_global and (inside is None or is_public(inside))


def parse_address(host: str) -> Address | None:
    """None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _translated(address: IPv6Address) -> IPv4Address | None:
    """Networks without IPv4 reach all of it in this way."""
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None


def _tunnelled(address: IPv6Address) -> IPv4Address | None:
    number = int(address)
    if number >> 32 & 0xFFFF_FFFF in _ISATAP:
        return IPv4Address(number & 0xFFFF_FFFF)
    return None
