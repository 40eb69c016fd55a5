"""The one way out to Telnyx: an order goes in, what came of it comes out.

Rules kept here, because neither requests nor urllib3 keeps them: one deadline for the whole call; an answer
of at most 1 MiB after decompression; no redirect is followed; no cookie, proxy variable or `.netrc` has a
say; nothing is ever sent twice. The API key is revealed where the request is built, and every frame that saw
it is gone before an error is raised: what went wrong is handed on as a value.
"""

import os
import socket
import ssl
from collections.abc import Callable
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.exceptions import DecodeError, HTTPError

from videobroker.telnyx.allowances import Allowances
from videobroker.telnyx.attempts import Attempt, attempting
from videobroker.telnyx.connections import CONNECT_SECS, TimedPool, TimedTLSPool
from videobroker.telnyx.orders import Answer, Order, Problem, Trouble

MAX_ANSWER_BYTES: Final = 1024 * 1024
MAX_IDLE_SECS: Final = 4.0
"""A connection that was given its last request longer ago is not used again.

HTTP servers close idle connections, commonly after 5 s or more. Should that cross with our next request, a
write ends as an unknown outcome although nothing was done. Younger connections are only ever closed by a
server in trouble, and those whose end has already arrived are found by looking before use.
"""

_CHUNK_BYTES: Final = 64 * 1024
_HOSTS_AT_ONCE: Final = 8

OnCall = Callable[[str, str, float], object]
"""Told of every call: operation, outcome (`ok` or an error's `outcome`), seconds. It must not raise."""


class Transport:
    """The connections of this process to Telnyx, shared by all accounts and threads.

    `pool_size` connections are kept open for each host: give it the number of threads that call. `tls`
    replaces the usual certificate authorities. A process forked from one that has a transport opens
    connections of its own.
    """

    def __init__(
        self,
        pool_size: int = 32,
        on_call: OnCall | None = None,
        tls: ssl.SSLContext | None = None,
        max_idle_secs: float = MAX_IDLE_SECS,
    ) -> None:
        self.on_call: OnCall = on_call or _tell_nobody
        self.allowances = Allowances()
        self._pool_size = pool_size
        self._max_idle_secs = max_idle_secs
        self._tls = tls or ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
        self._opened = (os.getpid(), self._open())

    def send(self, order: Order, timeout_secs: float) -> Answer | Problem:
        """Sends an order once and gives back the whole answer, of any status, or why there is none.

        Takes at most `timeout_secs`, of which `CONNECT_SECS` to connect. No error of the network is raised.
        """
        if timeout_secs <= 0:
            return Problem(Trouble.NOT_SENT, "no time was left for it")
        try:
            with attempting(timeout_secs, self._max_idle_secs) as attempt:
                return self._send(order, attempt, timeout_secs)
        except BaseException as interruption:
            _cut_off(interruption)
            raise

    def close(self) -> None:
        """Closes what is open. The transport may still be used, and will then open connections anew."""
        self._session.close()

    @property
    def _session(self) -> requests.Session:
        pid, session = self._opened
        if pid != os.getpid():
            session = self._open()
            self._opened = (os.getpid(), session)
        return session

    def _open(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        line = Line(self._tls, self._pool_size)
        session.mount("https://", line)
        session.mount("http://", line)
        return session

    def _send(self, order: Order, attempt: Attempt, timeout_secs: float) -> Answer | Problem:
        # Session.send would read the body of a redirect, however long, only to see where it points.
        line = self._session.get_adapter(order.url)
        try:
            response = line.send(_prepared(order), stream=True, timeout=(CONNECT_SECS, timeout_secs))
        except (HTTPError, OSError) as error:
            return _problem(error, attempt)
        self.allowances.note(order.api_key, response.headers)
        body, problem = _read(response.raw, attempt)
        return Answer(response.status_code, response.headers, body, problem)


class Line(HTTPAdapter):
    """The pool of connections, with one TLS context for all: making one loads every authority, some 25 ms."""

    def __init__(self, tls: ssl.SSLContext, pool_size: int) -> None:
        self._tls = tls
        super().__init__(pool_connections=_HOSTS_AT_ONCE, pool_maxsize=pool_size)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": TimedPool, "https": TimedTLSPool}

    def build_connection_pool_key_attributes(self, *args: Any, **options: Any) -> Any:
        host, _tls_settings = super().build_connection_pool_key_attributes(*args, **options)
        return host, {}

    def cert_verify(self, *_args: Any, **_options: Any) -> None:
        """Nothing to set: the TLS context says whom to trust."""


def _prepared(order: Order) -> requests.PreparedRequest:
    # Put together by hand: order.url is known to be sound, and prepare() would parse it all over again.
    request = requests.PreparedRequest()
    request.method = order.method
    request.url = order.url
    request.headers = CaseInsensitiveDict(
        {"User-Agent": "videobroker", "Accept": "application/json", "Accept-Encoding": "gzip"}
    )
    if order.body is not None:
        request.body = order.body.reveal().encode()
        request.headers["Content-Type"] = "application/json"
        request.headers["Content-Length"] = str(len(request.body))
    request.headers["Authorization"] = f"Bearer {order.api_key.reveal()}"
    return request


def _read(raw: Any, attempt: Attempt) -> tuple[bytes, Problem | None]:
    """The decoded body of an urllib3 response. Its connection is kept only if it was read to its end."""
    body = bytearray()
    try:
        while chunk := raw.read(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raw.close()
                return b"", Problem(Trouble.GARBLED, f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
    except (HTTPError, OSError) as error:
        raw.close()
        return b"", _problem(error, attempt)
    return bytes(body), None


def _problem(error: Exception, attempt: Attempt) -> Problem:
    cause = _system_error(error)
    if not attempt.sent:
        return Problem(Trouble.NOT_SENT, _why_not_sent(cause), cause)
    if attempt.is_over or isinstance(cause, TimeoutError):
        return Problem(Trouble.TIMED_OUT, "no complete answer came in time", cause)
    if isinstance(error, DecodeError):
        return Problem(Trouble.GARBLED, "the answer cannot be decompressed")
    return Problem(
        Trouble.LOST, "the connection ended, or ceased to be HTTP, before the answer was complete", cause
    )


def _why_not_sent(cause: OSError | None) -> str:
    match cause:
        case socket.gaierror():
            return "the host name could not be looked up"
        case ssl.SSLError():
            return "no trustworthy TLS connection could be made"
        case TimeoutError():
            return "no connection could be made in time"
        case _:
            return "no connection could be made"


def _system_error(error: BaseException) -> OSError | None:
    """The operating system's (or TLS's) own error at the root of one of requests or urllib3.

    Those hold the request, hence the key, as do the frames they passed; the root, freed of its traceback,
    does not.
    """
    found = None
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, OSError) and not isinstance(link, requests.RequestException):
            found = link
        link = link.__cause__ or link.__context__
    if found is not None:
        _cut_off(found)
        found.__cause__ = found.__context__ = None
    return found


def _cut_off(error: BaseException) -> None:
    """Lets go of the frames an error passed through: they hold the request with the key."""
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__


def _tell_nobody(_operation: str, _outcome: str, _secs: float) -> None:
    """The hook of a transport whose calls nobody counts."""
