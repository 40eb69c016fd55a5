"""A connection to one of the addresses that were checked, and proof that the host answers there."""

import functools
import socket
import ssl
from collections.abc import Sequence
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final

import certifi

from videobroker.outbound.addresses import IPAddress
from videobroker.outbound.deadlines import Deadline
from videobroker.outbound.errors import TimedOut, TlsFailed, Unreachable
from videobroker.outbound.targets import Target

_MOST_ADDRESSES_TRIED: Final = 4


def connect(
    target: Target, addresses: Sequence[IPAddress], deadline: Deadline, ca_file: Path | None
) -> socket.socket:
    """An open socket to the first of `addresses` that answers, with TLS done if the scheme asks for it.

    The certificate must be for the host in the URL, whatever address it resolved to. `ca_file` replaces the
    usual authorities.
    """
    sock = _first_that_answers(target, addresses[:_MOST_ADDRESSES_TRIED], deadline)
    if target.scheme == "http":
        return sock
    return _secured(sock, target, deadline, ca_file)


def _first_that_answers(target: Target, addresses: Sequence[IPAddress], deadline: Deadline) -> socket.socket:
    failure: OSError | None = None
    for position, address in enumerate(addresses):
        try:
            share_secs = deadline.remaining_secs() / (len(addresses) - position)
            return _open(address, target.port, share_secs)
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise TimedOut(target.shown, "nobody accepted the connection in time") from failure
    raise Unreachable(target.shown, "nobody accepts connections there; check host and port") from failure


def _open(address: IPAddress, port: int, timeout_secs: float) -> socket.socket:
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_secs)
        sock.connect((str(address), port))
    except BaseException:
        sock.close()
        raise
    return sock


def _secured(sock: socket.socket, target: Target, deadline: Deadline, ca_file: Path | None) -> ssl.SSLSocket:
    try:
        sock.settimeout(deadline.remaining_secs())
        return _context(ca_file).wrap_socket(sock, server_hostname=target.host)
    except TimeoutError as error:
        raise TimedOut(target.shown, "the TLS handshake was not done in time") from error
    except ssl.SSLCertVerificationError as error:
        raise TlsFailed(
            target.shown, f"the certificate is not valid for this host: {error.verify_message}"
        ) from error
    except ssl.SSLError as error:
        raise TlsFailed(target.shown, "no TLS (1.2 or newer) could be agreed on with the host") from error
    except OSError as error:
        raise Unreachable(target.shown, "the connection broke during the TLS handshake") from error
    finally:
        # Wrapping moves the connection into a new socket; what is left here is empty, or failed.
        sock.close()


@functools.lru_cache(maxsize=8)
def _context(ca_file: Path | None) -> ssl.SSLContext:
    """Kept, because reading the authorities takes some 25 ms."""
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else certifi.where())
