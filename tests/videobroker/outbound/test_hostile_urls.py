"""URLs meant to reach inside: none of them may open a connection, and most not even cause a lookup."""

from collections.abc import Iterator

import pytest

from tests.videobroker.outbound.servers import Server, answering, serving
from videobroker import outbound

# `{port}` is a port of this machine where somebody listens.
SCHEMES = [
    "file:///etc/passwd", "ftp://127.0.0.1:{port}/", "gopher://127.0.0.1:{port}/_x",
    "http://127.0.0.1:{port}/",
    "dict://127.0.0.1:{port}/", "ldap://127.0.0.1:{port}/", "data:application/json,%7B%7D",
    "jar:https://a.example!/",
    "javascript:alert(1)", "ws://127.0.0.1:{port}/", "//127.0.0.1:{port}/", "127.0.0.1:{port}",
    "https:127.0.0.1",
    "https:/127.0.0.1:{port}/", "https:///127.0.0.1:{port}/", "", "https://", "https", "https:",
    "unix:///run/x",
    "view-source:https://a.example/", "httpss://a.example/", "http+unix://%2Frun%2Fx",
    "mailto:bo@acme.example",
]  # fmt: skip
LOOPBACK = [
    "https://127.0.0.1:{port}/", "https://127.0.0.2:{port}/", "https://127.255.255.254:{port}/",
    "https://127.1:{port}/", "https://127.0.1:{port}/", "https://2130706433:{port}/",
    "https://0x7f000001:{port}/",
    "https://0x7f.1:{port}/", "https://0177.0.0.1:{port}/", "https://017700000001:{port}/",
    "https://0:{port}/",
    "https://0.0.0.0:{port}/", "https://0x0:{port}/", "https://00:{port}/", "https://127.0.0.1.:{port}/",
    "https://127.0.0.1..:{port}/", "https://0x7F.0.0.1:{port}/", "https://127.0.0.01:{port}/",
    "https://127.000.000.001:{port}/", "https://4294967297:{port}/", "https://127.0.0.257:{port}/",
    "https://127.0.0.1.0x1:{port}/", "https://[::1]:{port}/", "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[::]:{port}/", "https://[::ffff:127.0.0.1]:{port}/", "https://[::ffff:7f00:1]:{port}/",
    "https://[::127.0.0.1]:{port}/", "https://[64:ff9b::127.0.0.1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[2001:0:7f00:1::]:{port}/", "https://[::1%25lo]:{port}/", "https://[fe80::1%25eth0]:{port}/",
    "https://[::1%lo]:{port}/", "https://[::1:{port}/", "https://::1:{port}/", "https://[127.0.0.1]:{port}/",
    "https://[v1.127]:{port}/", "https://[]:{port}/", "https://[[::1]]:{port}/", "https://a[::1]:{port}/",
    "https://localhost:{port}/", "https://LOCALHOST:{port}/", "https://localhost.:{port}/",
    "https://a.localhost:{port}/", "https://localhost.localdomain:{port}/", "https://127.0.0.1%2e:{port}/",
    "https://%31%32%37.0.0.1:{port}/", "https://%6c%6f%63alhost:{port}/", "https://①②⑦.⓪.⓪.①:{port}/",
    "https://127。0。0。1:{port}/", "https://ⓛocalhost:{port}/", "https://\uff4cocalhost:{port}/",
    "https://loc\u00adalhost:{port}/", "https://localhost\u200b:{port}/", "https://127.0.0.1\u3002:{port}/",
]  # fmt: skip
INSIDE = [
    "https://10.0.0.1/", "https://10.255.255.255/", "https://172.16.0.1/", "https://172.31.255.255/",
    "https://192.168.0.1/", "https://169.254.169.254/latest/meta-data/",
    "https://169.254.170.2/v2/credentials",
    "https://[fd00:ec2::254]/latest/", "https://100.64.0.1/", "https://100.100.100.200/",
    "https://168.63.129.16/",
    "https://192.0.0.192/", "https://2852039166/", "https://0xa9fea9fe/", "https://0251.0376.0251.0376/",
    "https://[::ffff:169.254.169.254]/", "https://[::ffff:a9fe:a9fe]/", "https://[64:ff9b::a9fe:a9fe]/",
    "https://[fc00::1]/", "https://[fd12:3456::1]/", "https://[fe80::1]/", "https://[fec0::1]/",
    "https://[ff02::1]/", "https://224.0.0.1/", "https://239.1.1.1/", "https://240.0.0.1/",
    "https://255.255.255.255/", "https://198.18.0.1/", "https://192.0.2.1/", "https://203.0.113.1/",
    "https://[2001:db8::1]/", "https://[2606:4700::5efe:7f00:1]/", "https://metadata.google.internal/",
    "https://metadata/", "https://redis:6379/", "https://db.local/", "https://printer.home.arpa/",
    "https://intranet/", "https://wiki.intranet/", "https://nas.lan/", "https://a.internal/",
]  # fmt: skip
MUDDLED = [
    "https://keys.example@127.0.0.1:{port}/", "https://127.0.0.1:{port}@keys.example/",
    "https://u:p@127.0.0.1/",
    "https://keys.example:443@127.0.0.1:{port}/", "https://@127.0.0.1:{port}/", "https://:@keys.example/",
    "https://keys.example\\@127.0.0.1:{port}/", "https://127.0.0.1:{port}\\@keys.example/",
    "https:\\\\127.0.0.1:{port}/", "https://keys.example#@127.0.0.1:{port}/", "https://keys.example/#here",
    "https://keys.example/#", "https://127.0.0.1:{port}#.keys.example/", "https://keys.example:22/",
    "https://keys.example:25/", "https://keys.example:0/", "https://keys.example:65536/",
    "https://keys.example:/",
    "https://keys.example:080/", "https://keys.example:+443/", "https://keys.example:4_43/",
    "https://keys.example:443:{port}/", "https://keys.example:x/", "https://keys.example:-1/",
    "https://keys.example:\uff16\uff13/", " https://127.0.0.1:{port}/", "https://127.0.0.1:{port}/ ",
    "https://127.0.0.1:{port}/\n", "https://127.0.0.1\t:{port}/", "ht\ntps://127.0.0.1:{port}/",
    "https://keys.example/\r\nHost: inside", "https://keys.example/a b", "https://keys.example/\x00",
    "https://keys.example\x00.127.0.0.1/", "https://127.0.0.1:{port}/é", "https://keys..example/",
    "https://.keys.example/", "https://keys.example./", "https://-keys.example/", "https://keys-.example/",
    "https://keys,example/", "https://keys.example;a/", "https://*.example/", "https://keys!.example/",
    "https://(keys).example/", "https://" + "a" * 64 + ".example/", "https://" + "a." * 127 + "example/",
    "https://keys.example/" + "a" * 2048, "https://keys.example/\udc80", "https://keys.example/<script>",
    'https://keys.example/"', "https://keys.example/^", "https://keys.example/`", "https://keys.example/{{}}",
]  # fmt: skip
HOSTILE = SCHEMES + LOOPBACK + INSIDE + MUDDLED


class Resolver:
    """Everything resolves to this machine, as an attacker would have it; lookups are counted."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return ["127.0.0.1"]


@pytest.fixture(scope="module")
def inside() -> Iterator[Server]:
    """Somebody who must not be reached."""
    with serving(answering(b"the crown jewels")) as server:
        yield server


def test_the_table_is_long_and_has_no_entry_twice() -> None:
    assert len(HOSTILE) == len(set(HOSTILE)) >= 120


@pytest.mark.parametrize("pattern", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_url_is_refused_without_a_connection(inside: Server, pattern: str) -> None:
    resolver = Resolver()
    url = pattern.replace("{port}", str(inside.port))
    with pytest.raises(outbound.AddressRefused):
        outbound.fetch(url, timeout_secs=2, max_bytes=10, policy=outbound.AddressPolicy(), resolver=resolver)
    assert inside.accepted == 0
    assert resolver.asked == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"], ["10.0.0.1"], ["::1"], ["fd00::1"], ["169.254.169.254"], ["::ffff:127.0.0.1"],
        ["fe80::1%lo"], ["0.0.0.0"], ["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"],
        ["2606:4700:4700::1111", "1.1.1.1", "fd00::1"], ["64:ff9b::7f00:1"],
    ],
)  # fmt: skip
def test_a_public_name_with_any_private_address_is_refused(inside: Server, addresses: list[str]) -> None:
    with pytest.raises(outbound.AddressRefused) as refused:
        outbound.fetch(
            inside.url(scheme="https", host="keys.example"),
            timeout_secs=2,
            max_bytes=10,
            policy=outbound.AddressPolicy(),
            resolver=lambda host, port: addresses,
        )
    assert refused.value.reason == "address"
    assert inside.accepted == 0
    assert not any(address in str(refused.value) for address in addresses)


def test_the_operators_consent_is_what_opens_loopback(inside: Server) -> None:
    with serving(answering(b"hello")) as server:
        policy = outbound.AddressPolicy(schemes=frozenset({"http"}), allow_private=True)
        answer = outbound.fetch(server.url(), timeout_secs=5, max_bytes=10, policy=policy)
    assert (answer.body, server.accepted) == (b"hello", 1)


@pytest.mark.parametrize("url", ["https://169.254.169.254/", "https://[fd00:ec2::254]/", "https://0.0.0.0/"])
def test_the_operators_consent_does_not_open_metadata_services(url: str) -> None:
    with pytest.raises(outbound.AddressRefused, match="only public addresses"):
        outbound.fetch(url, timeout_secs=2, max_bytes=10, policy=outbound.AddressPolicy(allow_private=True))
