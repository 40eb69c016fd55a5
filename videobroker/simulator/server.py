"""The HTTP server: reads calls from sockets, has them answered, and puts the outcome on the wire."""

import logging
import socket
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from videobroker.simulator import browsers, clock, control_api, downloads, errors, misbehaving, telnyx_api
from videobroker.simulator.errors import Refusal
from videobroker.simulator.exchange import Answer, Call, Headers, refused
from videobroker.simulator.misbehaving import Outcome
from videobroker.simulator.simulation import Simulation

LARGEST_BODY = 16 * 1024 * 1024
_log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """One thread per connection; connections stay open between calls."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(self, sim: Simulation, host: str, port: int) -> None:
        """Listen at once; port 0 takes a free one. Raises OSError when the port is taken."""
        self.sim = sim
        super().__init__((host, port), Conversation)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, as the base class would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is no error of ours; anything else is logged."""
        del request
        level = logging.DEBUG if isinstance(sys.exception(), OSError) else logging.ERROR
        _log.log(level, "the connection from %s broke off", client_address, exc_info=True)


class Conversation(BaseHTTPRequestHandler):
    """The calls of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def serve(self) -> None:
        """Read one call, have it answered, send the outcome."""
        request_id = str(uuid.uuid4())
        try:
            call = self._read_call()
        except Refusal as refusal:
            # What is left of the body would be taken for the next call.
            self.close_connection = True
            outcome = misbehaving.plain(refused(refusal))
        else:
            outcome = self._outcome(call)
            _log.info("%s %s -> %s", call.method, call.path, outcome.answered)
        try:
            again = outcome.send(self.connection, outcome.answer, self._usual_headers(request_id))
        except OSError:
            _log.debug("the caller hung up before the answer was sent", exc_info=True)
            again = False
        # An answer to HEAD has no body; we send one, so nothing may follow it.
        self.close_connection = self.close_connection or not again or self.command == "HEAD"

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Calls are logged by `serve`; the base class would log query strings."""

    def _outcome(self, call: Call) -> Outcome:
        try:
            return _dispatch(self.server.sim, call)
        except Refusal as refusal:
            return misbehaving.plain(refused(refusal))
        except Exception:  # noqa: BLE001 (a bug of ours is answered 500 and logged, not hidden in a hang-up)
            _log.exception("%s %s failed", call.method, call.path)
            detail = "The simulator failed; its log says how."
            return misbehaving.plain(refused(Refusal(500, errors.BAD_REQUEST, detail)))

    def _read_call(self) -> Call:
        if self.headers.get("Transfer-Encoding"):
            raise Refusal(411, errors.BAD_REQUEST, "Send a Content-Length instead of chunks.")
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit():
            raise Refusal(400, errors.BAD_REQUEST, "The Content-Length is not a number.")
        if len(length) > 12 or int(length) > LARGEST_BODY:
            raise Refusal(413, errors.BAD_REQUEST, f"A body may have at most {LARGEST_BODY} bytes.")
        target = urlsplit(self.path)
        return Call(
            method=self.command,
            path=unquote(target.path, errors="replace"),
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            authorization=self.headers.get("Authorization", ""),
            raw=self.rfile.read(int(length)),
            host=self.headers.get("Host", ""),
            origin=self.headers.get("Origin", ""),
        )

    def _usual_headers(self, request_id: str) -> Headers:
        date = clock.http_date(self.server.sim.clock.now())
        return (("Date", date), ("x-request-id", request_id))


def _dispatch(sim: Simulation, call: Call) -> Outcome:
    browsers.check_host(call, sim.public_url)
    if call.path == telnyx_api.PREFIX or call.path.startswith(telnyx_api.PREFIX + "/"):
        return telnyx_api.answer(sim, call)
    return misbehaving.plain(_dispatch_own(sim, call))


def _dispatch_own(sim: Simulation, call: Call) -> Answer:
    if call.path.startswith(control_api.PREFIX + "/"):
        return control_api.answer(sim, call)
    if call.path.startswith(downloads.PATH) and call.method == "GET":
        return downloads.fetch(sim, call.path, call.query)
    raise Refusal(
        404, errors.NOT_FOUND, "Telnyx's interface is under /v2, the simulator's own under /_simulator."
    )
