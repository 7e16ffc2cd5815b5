"""Which addresses a webhook may call: those of the public internet, by IANA's registries of special-purpose addresses.

https://www.iana.org/assignments/iana-ipv4-special-registry and https://www.iana.org/assignments/iana-ipv6-special-registry,
read by hand: `ipaddress.is_global` changed its answers within Python 3.11 (gh-113171), and takes an IPv6 address that
only wraps a private IPv4 address (6to4, NAT64, Teredo) for what its wrapping is.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

NOT_PUBLIC = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; 0.0.0.0 reaches the machine itself
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and with it the metadata of EC2, ECS and Lambda
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that is handed out to networks of the internet. Outside lie loopback, link-local, unique local (fd00:ec2::254 is
the metadata), multicast, and what wraps IPv4: mapped (::ffff:0:0/96), compatible (::/96), NAT64 (64:ff9b::/96).
"""

NOT_PUBLIC_OF_THESE = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: wraps IPv4
        "3ffe::/16",  # the former 6bone
        "3fff::/20",  # documentation
    )
)

NUMBER = re.compile(r"\d+|0[xX][0-9a-fA-F]*")


def is_public(address: Address) -> bool:
    """Is it of the public internet?"""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC)
    if address.scope_id is not None or address not in GLOBAL_UNICAST:
        return False
    return not any(address in network for network in NOT_PUBLIC_OF_THESE)


def may_be_public(host: str) -> bool:
    """Can this host of a URL be of the public internet? What a name stands for is known when it is resolved.

    `127.1`, `0x7f000001` and `2130706433` are 127.0.0.1 to the resolver, so a host whose last label is a number is an
    address, and must be written as one (as the WHATWG's URL standard has it).
    """
    try:
        return is_public(ip_address(host))
    except ValueError:
        return not NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2])


def is_loopback(host: str | None) -> bool:
    """Is it this very machine: `localhost`, 127.0.0.0/8, ::1?"""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
