"""One request to an address that a tenant named, and its answer. The only door to such addresses."""

import contextlib
import http.client
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, cast

from videobroker.outbound.bodies import BodyTooLarge, BodyUnreadable, read_body
from videobroker.outbound.connecting import connect
from videobroker.outbound.deadlines import Deadline, DeadlineSocket, HeadTooLarge
from videobroker.outbound.errors import BadAnswer, TimedOut, TooLarge, Unreachable
from videobroker.outbound.resolving import Resolver, permitted_addresses, system_resolver
from videobroker.outbound.targets import AddressPolicy, Target

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
# What this module decides: two voices on framing or on the host are how requests get smuggled.
_OWN_HEADERS: Final = frozenset(
    {
        "host", "connection", "content-length", "transfer-encoding", "accept-encoding", "cookie", "expect",
        "te", "trailer", "upgrade", "proxy-authorization", "keep-alive", "user-agent",
    }
)  # fmt: skip
# RFC 9110, 5.1 and 5.5, without the obsolete bytes beyond ASCII.
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?")
_MOST_HEAD_BYTES: Final = 32 * 1024
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class Answer:
    """What came back, whatever its status: a redirect is an answer too. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] = _NO_HEADERS,
    body: bytes | None = None,
    timeout_secs: float,
    max_bytes: int,
    policy: AddressPolicy,
    resolver: Resolver = system_resolver,
    ca_file: Path | None = None,
) -> Answer:
    """Send one request to `url` and return the answer; raises an OutboundError if there is none.

    `timeout_secs` bounds everything together: lookup, connection, TLS, sending and reading. `max_bytes`
    bounds the decoded body. The host is looked up once, every address must satisfy `policy`, and the
    connection goes to an address that was checked. No redirect is followed; proxies, cookies and credentials
    of the environment play no part. Raises ValueError for a method or header that is not the caller's to set.
    """
    _check_request(method, headers)
    deadline = Deadline(timeout_secs)
    target = Target.parse(url, policy)
    addresses = permitted_addresses(target, policy, resolver, deadline)
    with contextlib.closing(connect(target, addresses, deadline, ca_file)) as sock:
        exchange = _Exchange(target, DeadlineSocket(sock, deadline, _MOST_HEAD_BYTES), max_bytes)
        return exchange.answer_to(method, headers, body)


def _check_request(method: str, headers: Mapping[str, str]) -> None:
    if method not in _METHODS:
        raise ValueError(f"{method!r} is not a method to send to a tenant's address")
    if own := sorted(_OWN_HEADERS.intersection(name.lower() for name in headers)):
        raise ValueError(f"these headers are set by the connection, not by its caller: {', '.join(own)}")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"the header {name!r} or its value has characters that no header may have")


class _Exchange:
    """A request and its answer on an open connection; says every failure in the words of this package."""

    def __init__(self, target: Target, sock: DeadlineSocket, max_bytes: int) -> None:
        self._target = target
        self._sock = sock
        self._max_bytes = max_bytes

    def answer_to(self, method: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        shown = self._target.shown
        try:
            return self._exchange(method, headers, body)
        except TimeoutError as error:
            raise TimedOut(shown, "no whole answer came in time") from error
        except HeadTooLarge as error:
            raise TooLarge(
                shown, f"the head of the answer is larger than {_MOST_HEAD_BYTES} bytes"
            ) from error
        except BodyTooLarge as error:
            raise TooLarge(shown, f"the answer is larger than {self._max_bytes} bytes") from error
        except BodyUnreadable as error:
            raise BadAnswer(shown, f"the body of the answer cannot be read: {error}") from error
        except http.client.RemoteDisconnected as error:
            raise Unreachable(shown, "the connection was closed without an answer") from error
        except http.client.HTTPException as error:
            raise BadAnswer(shown, "what came back is not a whole HTTP answer") from error
        except OSError as error:
            raise Unreachable(shown, "the connection broke before the answer was whole") from error

    def _exchange(self, method: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        with contextlib.closing(self._send(method, headers, body).getresponse()) as response:
            self._sock.head_is_read()
            return Answer(
                status=response.status,
                headers=_joined_headers(response),
                body=read_body(response, self._max_bytes),
            )

    def _send(
        self, method: str, headers: Mapping[str, str], body: bytes | None
    ) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._target.host, self._target.port)
        # http.client asks a socket for sendall, makefile and close alone; that is what a DeadlineSocket has.
        connection.sock = cast("socket.socket", self._sock)
        own = {"Host": self._target.authority, "Connection": "close", "Accept-Encoding": "identity"}
        connection.request(
            method, self._target.path_and_query, body, {"User-Agent": "videobroker"} | own | dict(headers)
        )
        return connection


def _joined_headers(response: http.client.HTTPResponse) -> Mapping[str, str]:
    joined: dict[str, str] = {}
    for name, value in response.getheaders():
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return MappingProxyType(joined)
