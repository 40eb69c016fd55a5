"""A URL that a tenant gave us, read strictly: what cannot be understood in one way only is refused.

Nothing here touches the network, so a form may call `Target.parse` to judge a URL when it is entered. The
addresses behind a name are judged later, each time, by `resolving`.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from videobroker.outbound.addresses import IPAddress
from videobroker.outbound.errors import AddressRefused

MOST_URL_CHARS: Final = 2048
_SHOWN_CHARS: Final = 200
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_FIRST_UNPRIVILEGED_PORT: Final = 1024
# The characters RFC 3986 allows, without "\" and everything else that clients disagree about.
_URL_CHARS: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_HOST_AND_PORT: Final = re.compile(r"(?:\[[^\[\]]*\]|[^\[\]:]*)(?::[0-9]*)?")
_MOST_HOST_CHARS: Final = 253
# RFC 6761, RFC 6762, RFC 8375 and ICANN's reservation of .internal: names that are never on the internet.
_INTERNAL_NAMES: Final = ("localhost", "local", "internal", "home.arpa", "localdomain", "intranet", "lan")


@dataclass(frozen=True)
class AddressPolicy:
    """What a tenant's URL may point to.

    `allow_private` lets loopback and private addresses and one-label names through, for a demo or a closed
    network; an operator decides that, never a tenant.
    """

    schemes: frozenset[str] = frozenset({"https"})
    allow_private: bool = False

    def __post_init__(self) -> None:
        if not self.schemes or not self.schemes <= _DEFAULT_PORTS.keys():
            raise ValueError(f"schemes are some of http and https, not {sorted(self.schemes)}")


@dataclass(frozen=True)
class Target:
    """Where a request goes: `host` is lower case, `literal` is its address if it is written as one."""

    scheme: str
    host: str
    port: int
    path_and_query: str
    literal: IPAddress | None
    shown: str

    @property
    def authority(self) -> str:
        """The value of the Host header (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if isinstance(self.literal, IPv6Address) else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @classmethod
    def parse(cls, url: str, policy: AddressPolicy) -> "Target":
        """Read `url`; raises AddressRefused if it is not a plain URL that `policy` allows.

        Ports are 80, 443 and those from 1024 up: the other privileged ports belong to services that do not
        speak HTTP. Names come in ASCII (internationalised ones as `xn--…`), addresses in their usual
        spelling.
        """
        reader = _Reader(url, policy)
        parts = reader.split()
        scheme = reader.scheme(parts)
        host, port = reader.host_and_port(parts, scheme)
        literal = reader.literal(host)
        if literal is None:
            reader.check_name(host)
        path = parts.path or "/"
        return cls(
            scheme=scheme,
            host=host if literal is None else str(literal),
            port=port,
            path_and_query=f"{path}?{parts.query}" if parts.query else path,
            literal=literal,
            shown=reader.shown,
        )


def shown(url: str) -> str:
    """`url` as it may stand in a message or a log: no userinfo, query or fragment, printable, short."""
    bare = re.split(r"[?#]", url, maxsplit=1)[0].replace("\\", "/")
    scheme, separator, rest = bare.partition("//")
    if not separator:
        return _printable(bare.rpartition("@")[2])
    authority, slash, path = rest.partition("/")
    authority = authority.rpartition("@")[2]
    if not _HOST_AND_PORT.fullmatch(authority):
        # A password with "/" or "?" in it looks like a host with a strange port. It is shown to nobody.
        return _printable(f"{scheme}//…")
    return _printable(f"{scheme}//{authority}{slash}{path}")


def _printable(text: str) -> str:
    plain = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    return plain if len(plain) <= _SHOWN_CHARS else plain[:_SHOWN_CHARS] + "…"


class _Reader:
    """Reads one URL; every refusal names it."""

    def __init__(self, url: str, policy: AddressPolicy) -> None:
        self.url = url
        self.policy = policy
        self.shown = shown(url)

    def refuse(self, reason: str, why: str) -> AddressRefused:
        return AddressRefused(self.shown, why, reason=reason)

    def split(self) -> SplitResult:
        if len(self.url) > MOST_URL_CHARS:
            raise self.refuse("malformed", f"the URL is longer than {MOST_URL_CHARS} characters; shorten it")
        if not _URL_CHARS.fullmatch(self.url):
            raise self.refuse(
                "malformed",
                "the URL is empty or has characters that a URL cannot have (spaces, backslashes, letters "
                "outside ASCII); percent-encode them, and write an internationalised host as xn--…",
            )
        try:
            parts = urlsplit(self.url)
        except ValueError as error:
            raise self.refuse("malformed", "this is not a URL; write https://host/path") from error
        if "#" in self.url:
            raise self.refuse(
                "fragment", "the URL has a fragment, which is never sent; leave out '#' and the rest"
            )
        return parts

    def scheme(self, parts: SplitResult) -> str:
        if parts.scheme not in self.policy.schemes or not self.url[len(parts.scheme) :].startswith("://"):
            allowed = " or ".join(f"{scheme}://" for scheme in sorted(self.policy.schemes))
            raise self.refuse("scheme", f"the URL must start with {allowed}")
        return parts.scheme

    def host_and_port(self, parts: SplitResult, scheme: str) -> tuple[str, int]:
        if "@" in parts.netloc:
            raise self.refuse("userinfo", "the URL has a user name or password before the host; leave it out")
        host, colon, port = parts.netloc.lower().rpartition(":")
        if not colon or port.endswith("]"):
            host, port = parts.netloc.lower(), ""
        elif not port:
            raise self.refuse("port", "the URL has a colon but no port behind the host; leave out the colon")
        return host, self._port(port) if port else _DEFAULT_PORTS[scheme]

    def _port(self, text: str) -> int:
        if not _PORT.fullmatch(text) or (port := int(text)) > 0xFFFF:
            raise self.refuse("port", "the port is not a number from 1 to 65535")
        if port < _FIRST_UNPRIVILEGED_PORT and port not in _DEFAULT_PORTS.values():
            raise self.refuse("port", f"port {port} is not for HTTP; use 443, 80, or one from 1024 up")
        return port

    def literal(self, host: str) -> IPAddress | None:
        """The address `host` spells, None if it is a name."""
        try:
            if host.startswith("["):
                return self._ipv6(host)
            if _NUMERIC_LABEL.fullmatch(host.rstrip(".").rpartition(".")[2]):
                return IPv4Address(host)
        except AddressValueError as error:
            raise self.refuse(
                "host",
                "the host is an address in an unusual spelling; write it like 192.0.2.1 or [2001:db8::1]",
            ) from error
        return None

    def _ipv6(self, host: str) -> IPv6Address:
        if not host.endswith("]") or "%" in host:
            raise self.refuse("host", "an IPv6 host stands in brackets and has no zone, like [2001:db8::1]")
        return IPv6Address(host[1:-1])

    def check_name(self, host: str) -> None:
        labels = host.split(".")
        if len(host) > _MOST_HOST_CHARS or not all(_LABEL.fullmatch(label) for label in labels):
            raise self.refuse(
                "host",
                "the host is not a plain domain name; write it without empty labels or a dot at the end",
            )
        if self.policy.allow_private:
            return
        if len(labels) == 1 or any(f".{host}".endswith(f".{name}") for name in _INTERNAL_NAMES):
            raise self.refuse("host", "the host is a name of an internal network; use a public domain name")
