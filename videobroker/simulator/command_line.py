"""Starting and stopping the simulator from a command line."""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from videobroker.simulator import timekeeping
from videobroker.simulator.deliveries import Postman
from videobroker.simulator.server import Server
from videobroker.simulator.simulation import Simulation

_ANY_ADDRESS = ("", "0.0.0.0", "::")  # noqa: S104 (compared with, not bound to)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=8001, help="port to listen on, 0 for a free one (%(default)s)"
    )
    parser.add_argument("--data-dir", type=Path, help="folder of the store ($DATA_DIR, else ./var)")
    parser.add_argument("--api-key", help="a key of the first account (made up if the store is new)")
    parser.add_argument("--public-url", help="how others reach the simulator, for its download links")
    parser.add_argument("--verbose", action="store_true", help="log every call to stderr")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; answers the exit status. Must be called from the main thread.

    As soon as it listens it prints one line of JSON that says where and with what.
    """
    _log_to_stderr(arguments.verbose)
    sim = Simulation(arguments.data_dir or Path(os.environ.get("DATA_DIR") or "var"))
    try:
        server = Server(sim, arguments.host, arguments.port)
    except (OSError, OverflowError) as error:
        sim.store.close()
        return _fail(f"cannot listen on {arguments.host} port {arguments.port}: {error}")
    sim.public_url = arguments.public_url or _url(server)
    announcement = json.dumps(_announcement(sim, server, arguments.api_key))
    _stop_on_signals(sim, server)
    sys.stdout.write(announcement + "\n")
    sys.stdout.flush()
    Postman(sim).start()
    timekeeping.start(sim)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    return 0


def main() -> int:
    """The command by itself: `python -m videobroker.simulator`."""
    parser = argparse.ArgumentParser(
        prog="simulator", description="A small Telnyx Video to develop and test against."
    )
    add_arguments(parser)
    return run(parser.parse_args())


def _announcement(sim: Simulation, server: Server, api_key: str | None) -> dict[str, str]:
    account = sim.first_account(api_key)
    url = _url(server)
    row = sim.store.row("SELECT key FROM api_keys WHERE account_id = ? AND revoked_at IS NULL", account.id)
    return {
        "url": url,
        "api_base": f"{url}/v2",
        "api_key": api_key or (row["key"] if row else ""),
        "account_id": account.id,
        "public_key": account.public_key,
    }


def _url(server: Server) -> str:
    host = "127.0.0.1" if server.server_name in _ANY_ADDRESS else server.server_name
    return f"http://{host}:{server.server_port}"


def _stop_on_signals(sim: Simulation, server: Server) -> None:
    """Let the first signal end everything. Shutting down waits for the serving loop, so it has a thread."""

    def stop(signum: int, frame: object) -> None:
        del signum, frame
        sim.stopping.set()
        threading.Thread(target=_shut_down, args=(sim, server), daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _shut_down(sim: Simulation, server: Server) -> None:
    sim.stop()
    server.shutdown()


def _log_to_stderr(verbose: bool) -> None:
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")


def _fail(message: str) -> int:
    sys.stderr.write(f"simulator: {message}\n")
    return 1
