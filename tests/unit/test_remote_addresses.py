"""Which addresses count as the public internet."""

import ipaddress
import random

import pytest

from grokdesk.services.remote_addresses import is_public


@pytest.mark.parametrize(
    "text",
    [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.215.14",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001:81b::200e",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ],
)
def test_public_addresses(text):
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.255.255.255",
        "10.128.0.1",
        "100.127.255.255",
        "127.255.255.255",
        "168.63.129.16",
        "169.254.0.1",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.170",
        "192.88.99.1",
        "192.168.255.255",
        "198.19.255.255",
        "224.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:808:808::1",
        "2606:4700::1%eth0",
        "2600::5efe:10.0.0.1",
        "2600::200:5efe:127.0.0.1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff0e::1",
    ],
)
def test_everything_else_is_somebodys_own(text):
    assert not is_public(ipaddress.ip_address(text))


def test_nothing_that_python_calls_private_is_public():
    numbers = random.Random(1)
    for _ in range(20_000):
        address = ipaddress.IPv4Address(numbers.getrandbits(32))
        if not address.is_global or address.is_multicast or address.is_reserved:
            assert not is_public(address)
            assert not is_public(ipaddress.IPv6Address(f"::ffff:{address}"))
            assert not is_public(ipaddress.IPv6Address(f"64:ff9b::{address}"))


def test_of_random_addresses_of_the_new_kind_an_eighth_at_most_is_public():
    numbers = random.Random(2)
    drawn = [ipaddress.IPv6Address(numbers.getrandbits(128)) for _ in range(4000)]
    public = [address for address in drawn if is_public(address)]
    assert public
    assert all(int(address) >> 125 == 1 for address in public)
