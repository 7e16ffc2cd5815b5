"""The addresses that a webhook may call: public ones, by IANA's registries of special-purpose addresses.

https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry.
`ipaddress.is_global` is not used: its results changed within Python 3.11 (gh-113171), and for an IPv6 address that
embeds a private IPv4 address (6to4, NAT64, Teredo) it does not check the embedded address.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

NOT_PUBLIC = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; 0.0.0.0 reaches this machine
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, includes the metadata services of EC2, ECS and Lambda
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, includes broadcast
    )
)

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All IPv6 addresses allocated to internet networks. It excludes loopback, link-local, unique local (fd00:ec2::254 is
the metadata service), multicast, and embedded IPv4: mapped (::ffff:0:0/96), compatible (::/96), NAT64 (64:ff9b::/96).
"""

NOT_PUBLIC_OF_THESE = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: embeds IPv4
        "3ffe::/16",  # the former 6bone
        "3fff::/20",  # documentation
    )
)

NUMBER = re.compile(r"\d+|0[xX][0-9a-fA-F]*")


def is_public(address: Address) -> bool:
    """Returns whether the address belongs to the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC)
    if address.scope_id is not None or address not in GLOBAL_UNICAST:
        return False
    return not any(address in network for network in NOT_PUBLIC_OF_THESE)


def may_be_public(host: str) -> bool:
    """Returns whether a URL's host may be public: a public address, or a name, which is checked when it is resolved.

    The resolver reads `127.1`, `0x7f000001` and `2130706433` as 127.0.0.1. Therefore a host whose last label is a
    number must be an address in standard notation (WHATWG URL standard).
    """
    try:
        return is_public(ip_address(host))
    except ValueError:
        return not NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2])


def is_loopback(host: str | None) -> bool:
    """Returns whether the host is this machine: `localhost`, 127.0.0.0/8 or ::1."""
    try:
        return host == "localhost" or is_loopback_address(ip_address(host or ""))
    except ValueError:
        return False


def is_loopback_address(address: Address) -> bool:
    """Returns whether the address is in 127.0.0.0/8 or is ::1.

    `is_loopback` of Python 3.13 is also true for IPv4-mapped addresses such as ::ffff:127.0.0.1 (gh-117566).
    """
    return address.is_loopback and not getattr(address, "ipv4_mapped", None)
