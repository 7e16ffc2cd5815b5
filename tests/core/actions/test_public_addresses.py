"""Every kind of address there is, one row each: what a webhook may call, and what it may not."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis.strategies import ip_addresses

from chalicelib.core.actions.public_addresses import is_public, may_be_public

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "52.95.110.1",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2600:1f18::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
]

NOT_PUBLIC = {
    "unspecified": ["0.0.0.0", "0.1.2.3", "::"],  # noqa: S104 - nothing is bound
    "loopback": ["127.0.0.1", "127.8.8.8", "127.255.255.255", "::1"],
    "private": ["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"],
    "unique local": ["fc00::1", "fd12:3456:789a::1", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    "carrier-grade NAT": ["100.64.0.0", "100.100.100.200", "100.127.255.255"],
    "link-local": ["169.254.0.1", "169.254.255.255", "fe80::1", "fe80::1%eth0", "febf::1"],
    "site-local": ["fec0::1"],
    "metadata": ["169.254.169.254", "169.254.170.2", "169.254.169.253", "fd00:ec2::254", "fd00:ec2::253"],
    "protocol assignments": ["192.0.0.1", "192.0.0.170", "2001:1::1", "2001:3::1"],
    "documentation": ["192.0.2.1", "198.51.100.7", "203.0.113.255", "2001:db8::1", "3fff::1"],
    "benchmarks": ["198.18.0.1", "198.19.255.255", "2001:2::1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "254.1.1.1", "4000::1", "8000::1", "5f00::1"],
    "broadcast": ["255.255.255.255"],
    "discarded": ["100::1"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8"],
    "IPv4-translated": ["::ffff:0:127.0.0.1"],
    "IPv4-compatible": ["::127.0.0.1", "::10.0.0.1"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::8.8.8.8", "64:ff9b:1::10.0.0.1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "2002:808:808::", "192.88.99.1"],
    "Teredo": ["2001:0:7f00:1::", "2001::1"],
    "ORCHID": ["2001:10::1", "2001:20::1"],
    "6bone": ["3ffe::1"],
    "with a scope": ["2606:4700::1%eth0"],
}


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))
    assert may_be_public(address)


@pytest.mark.parametrize(("kind", "address"), [(kind, a) for kind, found in NOT_PUBLIC.items() for a in found])
def test_nothing_else_is_public(kind: str, address: str) -> None:
    assert not is_public(ip_address(address)), kind
    assert not may_be_public(address), kind


@given(ip_addresses())
def test_what_python_calls_special_is_never_public(address: object) -> None:
    special = ("is_private", "is_loopback", "is_link_local", "is_multicast", "is_reserved", "is_unspecified")

    assert not (is_public(address) and any(getattr(address, name) for name in special))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host", ["127.1", "127.0.0.01", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "1.2.3.4.5", "127.1.", "0x"]
)
def test_an_address_in_disguise_is_refused(host: str) -> None:
    assert not may_be_public(host)


@pytest.mark.parametrize(
    "host", ["example.com", "example.com.", "1.example.com", "127.0.0.1.example.com", "a1", "3d.xx"]
)
def test_a_name_may_be_public_until_it_is_resolved(host: str) -> None:
    assert may_be_public(host)
