"""Changing a signed webhook as those would who did not sign it."""

import base64
import random

from videobroker.telnyx.signatures import SIGNATURE_HEADER, TIMESTAMP_HEADER

Signed = tuple[bytes, dict[str, str]]


def mutated(body: bytes, headers: dict[str, str], chance: random.Random) -> Signed:
    """The webhook with one thing about it changed; never the same bytes and headers as before."""
    while True:
        changed = chance.choice(MUTATIONS)(body, dict(headers), chance)
        if changed != (body, headers):
            return changed


def _flip(raw: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << chance.randrange(8))]) + raw[at + 1 :]


def _bit_of_body(body: bytes, headers: dict[str, str], chance: random.Random) -> Signed:
    return _flip(body, chance), headers


def _cut(body: bytes, headers: dict[str, str], chance: random.Random) -> Signed:
    return body[: chance.randrange(len(body))], headers


def _longer(body: bytes, headers: dict[str, str], chance: random.Random) -> Signed:
    at = chance.randrange(len(body) + 1)
    return body[:at] + chance.choice([b" ", b"\n", b"\x00", b"0", b'"x":1,']) + body[at:], headers


def _bit_of_signature(body: bytes, headers: dict[str, str], chance: random.Random) -> Signed:
    raw = _flip(base64.b64decode(headers[SIGNATURE_HEADER]), chance)
    return body, headers | {SIGNATURE_HEADER: base64.b64encode(raw).decode()}


def _letter_of_signature(body: bytes, headers: dict[str, str], chance: random.Random) -> Signed:
    text = headers[SIGNATURE_HEADER]
    at = chance.randrange(len(text))
    return body, headers | {SIGNATURE_HEADER: text[:at] + chance.choice("Aa0+/=-_ .") + text[at + 1 :]}


def _another_signature(body: bytes, headers: dict[str, str], chance: random.Random) -> Signed:
    raw = chance.choice(
        [bytes(64), b"\xff" * 64, chance.randbytes(64), chance.randbytes(chance.randrange(80))]
    )
    return body, headers | {SIGNATURE_HEADER: base64.b64encode(raw).decode()}


def _another_time(body: bytes, headers: dict[str, str], chance: random.Random) -> Signed:
    at = int(headers[TIMESTAMP_HEADER])
    told = [
        str(at + chance.choice([-1, 1, 60, -299])),
        f"0{at}",
        f"+{at}",
        f"{at}.0",
        f"{at}|",
        str(-at),
        "",
        "١٢",
    ]
    return body, headers | {TIMESTAMP_HEADER: chance.choice(told).encode().decode("latin-1")}


def _time_into_body(body: bytes, headers: dict[str, str], chance: random.Random) -> Signed:
    """The signed text is time, bar, body: move the bar."""
    text = headers[TIMESTAMP_HEADER]
    at = chance.randrange(1, len(text))
    return text[at:].encode() + b"|" + body, headers | {TIMESTAMP_HEADER: text[:at]}


def _without(body: bytes, headers: dict[str, str], chance: random.Random) -> Signed:
    headers.pop(chance.choice(sorted(headers)))
    return body, headers


MUTATIONS = (
    _bit_of_body, _bit_of_body, _cut, _longer, _bit_of_signature, _letter_of_signature, _another_signature,
    _another_time, _time_into_body, _without,
)  # fmt: skip
