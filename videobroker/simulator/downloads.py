"""Download links: whoever holds one may fetch the file for an hour; every reading makes a fresh one."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from videobroker.simulator import errors
from videobroker.simulator.errors import Refusal
from videobroker.simulator.exchange import Answer
from videobroker.simulator.simulation import Simulation
from videobroker.simulator.store import Row

PATH = "/_files/"
LIFETIME_SECS = 3600
_LARGEST_FILE = 1_000_000
_MEDIA_TYPES = {"recordings": "video/webm", "compositions": "video/mp4"}


def link(sim: Simulation, table: str, row: Row) -> str | None:
    """A fresh link to the file of a recording or composition; None until it is completed."""
    if row["status"] != "completed":
        return None
    path = f"{PATH}{table}/{row['id']}"
    expires = str(int(sim.clock.epoch_secs()) + LIFETIME_SECS)
    nonce = secrets.token_hex(8)
    signature = _signature(sim, path, expires, nonce)
    return f"{sim.public_url}{path}?expires={expires}&nonce={nonce}&signature={signature}"


def fetch(sim: Simulation, path: str, query: Mapping[str, str]) -> Answer:
    """The file behind a link. 403 for a link that is forged or too old, 404 for a file that is deleted."""
    expires, nonce = query.get("expires", ""), query.get("nonce", "")
    signature = _signature(sim, path, expires, nonce)
    if not hmac.compare_digest(signature.encode(), query.get("signature", "").encode()):
        raise Refusal(403, errors.NOT_AUTHORISED, "This link was not made here.", shape="bare")
    if int(expires) <= sim.clock.epoch_secs():
        raise Refusal(
            403, errors.NOT_AUTHORISED, "This link has expired; read the object again.", shape="bare"
        )
    table, _, row_id = path.removeprefix(PATH).partition("/")
    row = sim.store.row(f"SELECT size_mb FROM {table} WHERE id = ?", row_id)  # noqa: S608 (the path is signed)
    if row is None:
        raise Refusal(404, errors.NOT_FOUND, "The file has been deleted.", shape="bare")
    return Answer(200, _content(row_id, row["size_mb"] or 0), content_type=_MEDIA_TYPES[table])


def _content(seed: str, size_mb: float) -> bytes:
    """Bytes that are always the same for one file: as many as it says, up to a megabyte."""
    size = min(_LARGEST_FILE, max(1, int(size_mb * 1_000_000)))
    return hashlib.shake_128(seed.encode()).digest(size)


def _signature(sim: Simulation, path: str, expires: str, nonce: str) -> str:
    signed = f"{path}|{expires}|{nonce}".encode()
    return hmac.new(sim.link_secret, signed, hashlib.sha256).hexdigest()
