"""Real servers on loopback that count who comes, and a certificate authority of their own."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Handler = Callable[[socket.socket], None]


@dataclass
class Server:
    """A listener on 127.0.0.1 and what has happened to it."""

    port: int
    accepted: int = 0
    requests: list[bytes] = field(default_factory=list)
    failures: list[OSError] = field(default_factory=list)

    def url(self, path: str = "/", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@contextlib.contextmanager
def serving(
    handler: Handler, tls: ssl.SSLContext | None = None, *, reads_request: bool = True
) -> Iterator[Server]:
    """Accept connections, one at a time, and let `handler` talk on each, if need be before it has read.

    What it could not send is recorded.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(port=listener.getsockname()[1])
        thread = threading.Thread(target=_accept, args=(listener, server, handler, tls, reads_request))
        thread.start()
        try:
            yield server
        finally:
            # Linux wakes a blocked accept() when the listener is shut down.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            assert not thread.is_alive(), "the server's handler does not end"


def _accept(
    listener: socket.socket,
    server: Server,
    handler: Handler,
    tls: ssl.SSLContext | None,
    reads_request: bool,
) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        server.accepted += 1
        connection.settimeout(5)
        try:
            with connection if tls is None else tls.wrap_socket(connection, server_side=True) as talk:
                if reads_request:
                    server.requests.append(read_request(talk))
                handler(talk)
        except OSError as error:
            server.failures.append(error)
        finally:
            connection.close()


def read_request(connection: socket.socket) -> bytes:
    """Head and body of one request."""
    data = b""
    while b"\r\n\r\n" not in data and (piece := connection.recv(65536)):
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    ]
    while lengths and len(body) < int(lengths[0]) and (piece := connection.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body


def saying(data: bytes) -> Handler:
    """Send `data` and hang up."""
    return lambda connection: connection.sendall(data)


def answering(body: bytes, *headers: str, status: str = "200 OK") -> Handler:
    """A whole answer with its length."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return saying("\r\n".join(head).encode() + b"\r\n\r\n" + body)


def dripping(start: bytes, drop: bytes, every_secs: float = 0.02) -> Handler:
    """Send `start`, then `drop` for as long as anybody listens."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(drop)
            # The pause between two drops is what is being tested, not a wait for something to happen.
            time.sleep(every_secs)  # a server that drips is what is tested

    return drip


@dataclass(frozen=True)
class Authority:
    """A certificate authority: `ca_file` is its certificate, `context_for` makes a server's TLS context."""

    ca_file: Path
    _folder: Path
    _key: ec.EllipticCurvePrivateKey
    _certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder("videobroker test authority", key.public_key(), days=1)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        certificate = builder.issuer_name(_name("videobroker test authority")).sign(key, hashes.SHA256())
        ca_file = folder / "ca.pem"
        ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return cls(ca_file, folder, key, certificate)

    def context_for(self, *hosts: str, days: int = 1) -> ssl.SSLContext:
        """TLS as `hosts`, with a certificate that runs out in `days` (in the past if negative)."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(hosts[0], key.public_key(), days)
        alternatives = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
        builder = builder.add_extension(alternatives, critical=False).issuer_name(self._certificate.subject)
        certificate = builder.sign(self._key, hashes.SHA256())
        path = self._folder / f"{certificate.serial_number}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _builder(name: str, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=30))
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
