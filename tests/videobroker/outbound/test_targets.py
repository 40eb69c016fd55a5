"""URLs as tenants write them: what is read from the good ones, and what is shown of any."""

import ipaddress

import pytest

from videobroker import outbound
from videobroker.outbound import AddressPolicy, Target

BOTH = AddressPolicy(schemes=frozenset({"http", "https"}))


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("https://keys.example", "keys.example", 443, "/", "keys.example"),
        ("https://keys.example/", "keys.example", 443, "/", "keys.example"),
        ("HTTPS://Keys.Example/A?b=C", "keys.example", 443, "/A?b=C", "keys.example"),
        ("https://keys.example:8443/a", "keys.example", 8443, "/a", "keys.example:8443"),
        ("https://keys.example:443/a", "keys.example", 443, "/a", "keys.example"),
        ("https://keys.example?a=b", "keys.example", 443, "/?a=b", "keys.example"),
        ("https://keys.example:80/", "keys.example", 80, "/", "keys.example:80"),
        ("http://keys.example/", "keys.example", 80, "/", "keys.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443, "/", "xn--bcher-kva.example"),
        ("https://a-b_c.1and1.example/", "a-b_c.1and1.example", 443, "/", "a-b_c.1and1.example"),
        ("https://8.8.8.8/", "8.8.8.8", 443, "/", "8.8.8.8"),
        ("https://[2606:4700:4700:0::1111]/", "2606:4700:4700::1111", 443, "/", "[2606:4700:4700::1111]"),
        (
            "https://[2606:4700:4700::1111]:8443/",
            "2606:4700:4700::1111",
            8443,
            "/",
            "[2606:4700:4700::1111]:8443",
        ),
        ("https://keys.example/@bo/%2e%2e/", "keys.example", 443, "/@bo/%2e%2e/", "keys.example"),
    ],
)
def test_a_plain_url_is_read(url: str, host: str, port: int, path: str, authority: str) -> None:
    target = Target.parse(url, BOTH)
    assert (target.host, target.port, target.path_and_query, target.authority) == (
        host,
        port,
        path,
        authority,
    )


def test_an_address_is_read_as_one_and_a_name_is_not() -> None:
    assert Target.parse("https://8.8.8.8/", BOTH).literal == ipaddress.ip_address("8.8.8.8")
    assert Target.parse("https://8.8.8.8.example/", BOTH).literal is None


@pytest.mark.parametrize("url", ["https://localhost/", "https://simulator:8000/", "https://idp.internal/"])
def test_names_of_an_internal_network_need_the_operators_consent(url: str) -> None:
    with pytest.raises(outbound.AddressRefused) as refused:
        Target.parse(url, AddressPolicy())
    assert refused.value.reason == "host"
    assert Target.parse(url, AddressPolicy(allow_private=True)).literal is None


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://keys.example/", "scheme"),
        ("https://bo:pw@keys.example/", "userinfo"),
        ("https://keys.example/#a", "fragment"),
        ("https://keys.example:22/", "port"),
        ("https://127.1/", "host"),
        ("https://keys.example./", "host"),
        ("https://keys example/", "malformed"),
    ],
)
def test_a_refusal_has_a_reason_for_programs(url: str, reason: str) -> None:
    with pytest.raises(outbound.AddressRefused) as refused:
        Target.parse(url, AddressPolicy())
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://keys.example/jwks?token=hush#hush", "https://keys.example/jwks"),
        ("https://bo:hush@keys.example:8443/a", "https://keys.example:8443/a"),
        ("https://hush@keys.example", "https://keys.example"),
        ("https://bo:hu/sh@keys.example/", "https://…"),
        ("https://bo:hu?sh@keys.example/", "https://…"),
        ("https://bo:hu#sh@keys.example/", "https://…"),
        ("https://bo:hush\\@keys.example/", "https://…"),
        ("https:bo:hush@keys.example/", "keys.example/"),
        ("https://[2606:4700::1]:443/a", "https://[2606:4700::1]:443/a"),
        ("https://keys.example/\r\nfaked log line", "https://keys.example/\\x0d\\x0afaked log line"),
        ("https://keys.example/" + "a" * 500, "https://keys.example/" + "a" * 179 + "…"),
    ],
)
def test_what_is_shown_of_a_url_has_no_secret_and_one_line(url: str, text: str) -> None:
    assert outbound.shown(url) == text


def test_a_policy_names_schemes_we_speak() -> None:
    with pytest.raises(ValueError, match="http and https"):
        AddressPolicy(schemes=frozenset({"https", "ftp"}))
    with pytest.raises(ValueError, match="http and https"):
        AddressPolicy(schemes=frozenset())
