"""Which network addresses are public, and which are never to be connected to.

The blocks are those of IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890), written out here
because `ipaddress.is_global` has changed its mind between patch releases of Python.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Block:
    """A range that is not public. `private` ones may be opened by an operator; the others never."""

    network: IPv4Network | IPv6Network
    kind: str
    private: bool = False


def _block(network: str, kind: str, *, private: bool = False) -> Block:
    return Block(ip_network(network), kind, private)


_IPV4_BLOCKS: Final = (
    _block("0.0.0.0/8", "an unspecified"),
    _block("10.0.0.0/8", "a private", private=True),
    _block("100.64.0.0/10", "a carrier-internal", private=True),
    _block("127.0.0.0/8", "a loopback", private=True),
    _block("169.254.0.0/16", "a link-local"),
    _block("172.16.0.0/12", "a private", private=True),
    _block("192.0.0.0/24", "a reserved"),
    _block("192.0.2.0/24", "a documentation"),
    _block("192.88.99.0/24", "a reserved"),
    _block("192.168.0.0/16", "a private", private=True),
    _block("198.18.0.0/15", "a benchmarking"),
    _block("198.51.100.0/24", "a documentation"),
    _block("203.0.113.0/24", "a documentation"),
    _block("224.0.0.0/4", "a multicast"),
    _block("240.0.0.0/4", "a reserved"),
)
_IPV6_BLOCKS: Final = (
    _block("::/128", "an unspecified"),
    _block("::1/128", "a loopback", private=True),
    _block("::/96", "an IPv4-compatible"),
    _block("::ffff:0:0/96", "an IPv4-mapped"),
    _block("64:ff9b:1::/48", "a local translation"),
    _block("2001::/32", "a Teredo"),
    _block("2001::/23", "a reserved"),
    _block("2001:db8::/32", "a documentation"),
    _block("2002::/16", "a 6to4"),
    _block("3fff::/20", "a documentation"),
    _block("fc00::/7", "a private", private=True),
    _block("fe80::/10", "a link-local"),
    _block("fec0::/10", "a site-local"),
    _block("ff00::/8", "a multicast"),
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
# RFC 5214: an interface identifier of 0000:5efe or 0200:5efe carries an IPv4 address behind it.
_ISATAP_MARKS: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
# Where clouds hand their machines credentials. Two of them lie in ranges that a rule above would let through:
# Azure's is a public address, and AWS's IPv6 one is private, so an operator's setting would open it.
_METADATA: Final = frozenset(
    ip_address(text)
    for text in ("169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)


def objection(address: IPAddress, *, allow_private: bool) -> str | None:
    """What speaks against connecting to `address`: words such as "a loopback", or None if nothing does.

    With `allow_private` the private, carrier-internal and loopback ranges are let through. Metadata services,
    link-local, multicast, reserved and translated addresses never are.
    """
    if address in _METADATA:
        return "a cloud metadata"
    if isinstance(address, IPv4Address):
        return _listed(address, _IPV4_BLOCKS, allow_private=allow_private)
    return _ipv6_objection(address, allow_private=allow_private)


def _ipv6_objection(address: IPv6Address, *, allow_private: bool) -> str | None:
    if address.scope_id is not None:
        return "a zone-bound"
    if address in _NAT64:
        # An IPv6-only network reaches the IPv4 internet through this prefix (RFC 6052): what counts is the
        # address inside, and a private one inside is never meant.
        return objection(IPv4Address(int(address) & 0xFFFF_FFFF), allow_private=False)
    if any(address in block.network for block in _IPV6_BLOCKS):
        return _listed(address, _IPV6_BLOCKS, allow_private=allow_private)
    if address not in _GLOBAL_UNICAST:
        return "a reserved"
    if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP_MARKS:
        return "an ISATAP"
    return None


def _listed(address: IPAddress, blocks: tuple[Block, ...], *, allow_private: bool) -> str | None:
    for block in blocks:
        if address in block.network:
            return None if block.private and allow_private else block.kind
    return None
