"""Which addresses are connected to, range by range."""

import ipaddress
import random

import pytest

from videobroker.outbound.addresses import objection

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.216.34", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001::200e",
    "2001:4860:4860::8888", "64:ff9b::101:101",
]  # fmt: skip
PRIVATE = [
    "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255",
    "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "::1", "fc00::1", "fd00::1",
    "fdff:ffff:ffff:ffff::1",
]  # fmt: skip
NEVER = [
    "0.0.0.0", "0.1.2.3", "0.255.255.255", "169.254.0.1", "169.254.169.254", "169.254.170.2", "192.0.0.1",
    "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "100.100.100.200",
    "168.63.129.16", "::", "::7f00:1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8",
    "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
    "100::1", "2001::1", "2001:0:7f00:1::", "2001:2::1", "2001:10::1", "2001:db8::1", "2002:7f00:1::1",
    "2002:a00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "4000::1", "8000::1", "fd00:ec2::254",
    "fe80::1", "febf::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:a00:1", "2606:4700::1%1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_free_to_use(address: str) -> None:
    assert objection(ipaddress.ip_address(address), allow_private=False) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_needs_the_operators_consent(address: str) -> None:
    assert objection(ipaddress.ip_address(address), allow_private=False) is not None
    assert objection(ipaddress.ip_address(address), allow_private=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_these_addresses_are_refused_with_and_without_consent(address: str) -> None:
    assert objection(ipaddress.ip_address(address), allow_private=False) is not None
    assert objection(ipaddress.ip_address(address), allow_private=True) is not None


def test_nothing_that_the_standard_library_calls_special_is_let_through() -> None:
    source = random.Random(20)
    ipv4 = [ipaddress.IPv4Address(source.getrandbits(32)) for _ in range(4000)]
    ipv6 = [ipaddress.IPv6Address(source.getrandbits(128)) for _ in range(4000)]
    let_through = [address for address in ipv4 + ipv6 if objection(address, allow_private=False) is None]
    assert let_through
    assert [address for address in let_through if not address.is_global or address.is_multicast] == []


@pytest.mark.parametrize("prefix", ["::ffff:0:0", "::", "64:ff9b::", "64:ff9b:1::"])
def test_no_way_of_wrapping_a_private_ipv4_address_gets_it_through(prefix: str) -> None:
    for inner in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.0.0.0"):
        wrapped = ipaddress.IPv6Address(
            int(ipaddress.IPv6Address(prefix)) | int(ipaddress.IPv4Address(inner))
        )
        if wrapped != ipaddress.IPv6Address("::1"):
            assert objection(wrapped, allow_private=True) is not None, wrapped
