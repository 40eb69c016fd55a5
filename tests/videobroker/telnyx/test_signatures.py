"""Webhooks count only if Telnyx, and nobody else, wrote them, just now."""

import base64
import json
import random
import sys
import types
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from telnyx import Telnyx

from videobroker.telnyx.signatures import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    SignatureRefused,
    generate_private_key,
    is_public_key,
    public_key_text,
    sign,
    verify,
)

NOW = datetime(2026, 4, 16, 9, 46, 20, 954863, tzinfo=UTC)
BODY = '{"data":{"event_type":"video.room.participant.joined","payload":{"context":"bö"}}}'.encode()
KEY = generate_private_key()
PUBLIC_KEY = public_key_text(KEY)
OTHER_PUBLIC_KEY = public_key_text(generate_private_key())
HEADERS = sign(BODY, KEY, NOW)
SIGNATURE = HEADERS[SIGNATURE_HEADER]
TIMESTAMP = HEADERS[TIMESTAMP_HEADER]


def reason_for(
    body: bytes = BODY,
    signature: str | None = SIGNATURE,
    timestamp: str | None = TIMESTAMP,
    public_keys: tuple[str, ...] = (PUBLIC_KEY,),
    now: datetime = NOW,
) -> str | None:
    try:
        verify(body, signature, timestamp, public_keys, now)
    except SignatureRefused as refused:
        return refused.reason
    return None


def test_what_was_signed_is_accepted() -> None:
    assert reason_for() is None


def test_an_empty_body_may_be_signed() -> None:
    headers = sign(b"", KEY, NOW)
    assert reason_for(b"", headers[SIGNATURE_HEADER], headers[TIMESTAMP_HEADER]) is None


def test_any_of_the_accounts_keys_will_do() -> None:
    assert reason_for(public_keys=(OTHER_PUBLIC_KEY, PUBLIC_KEY)) is None
    assert reason_for(public_keys=("damaged", PUBLIC_KEY)) is None


@pytest.mark.parametrize(
    ("reason", "changed"),
    [
        ("missing_header", {"signature": None}),
        ("missing_header", {"timestamp": None}),
        ("missing_header", {"signature": ""}),
        ("bad_timestamp", {"timestamp": "soon"}),
        ("bad_timestamp", {"timestamp": f"+{TIMESTAMP}"}),
        ("bad_timestamp", {"timestamp": f" {TIMESTAMP}"}),
        ("bad_timestamp", {"timestamp": f"{TIMESTAMP}\n"}),
        ("bad_timestamp", {"timestamp": f"{TIMESTAMP}.0"}),
        ("bad_timestamp", {"timestamp": "1_776_332_780"}),
        ("bad_timestamp", {"timestamp": "١٧٧٦٣٣٢٧٨٠"}),
        ("bad_timestamp", {"timestamp": "9" * 5000}),
        ("stale", {"timestamp": "0"}),
        ("stale", {"timestamp": "99999999999"}),
        ("bad_encoding", {"signature": "not base64"}),
        ("bad_encoding", {"signature": f"{SIGNATURE}\n"}),
        ("bad_encoding", {"signature": SIGNATURE.rstrip("=")}),
        ("bad_encoding", {"signature": base64.urlsafe_b64encode(b"\xff" * 64).decode()}),
        ("bad_encoding", {"signature": base64.b64encode(b"x" * 63).decode()}),
        ("bad_encoding", {"signature": base64.b64encode(b"x" * 65).decode()}),
        ("bad_encoding", {"signature": "é" * 88}),
        ("bad_signature", {"signature": base64.b64encode(bytes(64)).decode()}),
        ("bad_signature", {"public_keys": (OTHER_PUBLIC_KEY,)}),
        ("bad_signature", {"body": BODY + b" "}),
        ("bad_signature", {"timestamp": str(int(TIMESTAMP) + 1)}),
        ("bad_signature", {"timestamp": f"0{TIMESTAMP}"}),
        ("no_key", {"public_keys": ()}),
        ("bad_key", {"public_keys": ("damaged",)}),
        ("bad_key", {"public_keys": (base64.b64encode(b"x" * 31).decode(),)}),
    ],
)
def test_anything_else_is_refused_with_its_reason(reason: str, changed: dict[str, object]) -> None:
    assert reason_for(**changed) == reason


@pytest.mark.parametrize(("off_secs", "reason"), [(299, None), (-299, None), (302, "stale"), (-302, "stale")])
def test_a_webhook_is_good_for_five_minutes_either_way(off_secs: int, reason: str | None) -> None:
    assert reason_for(now=NOW + timedelta(seconds=off_secs)) == reason


def test_the_tolerance_can_be_narrowed() -> None:
    with pytest.raises(SignatureRefused, match="too far from now"):
        verify(BODY, SIGNATURE, TIMESTAMP, [PUBLIC_KEY], NOW + timedelta(seconds=11), tolerance_secs=10)


def test_the_zone_of_now_does_not_matter() -> None:
    assert reason_for(now=NOW.astimezone(timezone(timedelta(hours=9)))) is None


def test_a_body_written_anew_is_not_the_body_that_was_signed() -> None:
    assert reason_for(BODY.replace(b":", b": ")) == "bad_signature"
    assert reason_for(BODY.replace("ö".encode(), b"\\u00f6")) == "bad_signature"


def test_a_signature_that_spells_the_same_bytes_otherwise_is_refused() -> None:
    """The last letter of 64 bytes in base64 carries four bits that mean nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet.index(SIGNATURE[85])
    respelt = SIGNATURE[:85] + alphabet[last ^ 1] + "=="
    assert base64.b64decode(respelt) == base64.b64decode(SIGNATURE)
    assert reason_for(signature=respelt) == "bad_encoding"


def test_a_signature_shifted_by_the_order_of_the_group_is_refused() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    genuine = base64.b64decode(SIGNATURE)
    shifted = (int.from_bytes(genuine[32:], "little") + order).to_bytes(32, "little")
    assert reason_for(signature=base64.b64encode(genuine[:32] + shifted).decode()) == "bad_signature"


def test_no_mutant_is_accepted() -> None:
    chance = random.Random(20260416)
    accepted = [mutant for mutant in (mutate(chance) for _ in range(20_000)) if reason_for(*mutant) is None]
    assert accepted == []


def mutate(chance: random.Random) -> tuple[bytes, str, str]:
    """The genuine webhook with one thing changed: a bit, a byte more or less, or a letter of a header."""
    body, signature, timestamp = bytearray(BODY), SIGNATURE, TIMESTAMP
    place = chance.randrange(len(body))
    match chance.randrange(5):
        case 0:
            body[place] ^= 1 << chance.randrange(8)
        case 1:
            del body[place]
        case 2:
            body.insert(place, chance.randrange(256))
        case 3:
            signature = with_another_letter(chance, signature)
        case _:
            timestamp = with_another_letter(chance, timestamp)
    return bytes(body), signature, timestamp


def with_another_letter(chance: random.Random, text: str) -> str:
    place = chance.randrange(len(text))
    others = [letter for letter in "0123456789ABCabc+/=_ \n٣" if letter != text[place]]
    return text[:place] + chance.choice(others) + text[place + 1 :]


def test_a_public_key_can_be_checked_when_it_is_entered() -> None:
    assert is_public_key(PUBLIC_KEY)
    assert is_public_key(public_key_text(KEY.public_key()))
    assert not is_public_key(PUBLIC_KEY + "\n")
    assert not is_public_key("")


@pytest.fixture
def signature_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one name that Telnyx's library takes from PyNaCl, on top of `cryptography`."""

    class VerifyKey:
        def __init__(self, public_key: bytes) -> None:
            self._key = Ed25519PublicKey.from_public_bytes(public_key)

        def verify(self, text: bytes, signature: bytes) -> None:
            self._key.verify(signature, text)

    contents: dict[str, dict[str, Any]] = {
        "nacl": {},
        "nacl.signing": {"VerifyKey": VerifyKey},
        "nacl.exceptions": {"BadSignatureError": InvalidSignature},
    }
    for name, content in contents.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.usefixtures("signature_library")
def test_telnyxs_own_library_accepts_what_we_sign() -> None:
    with Telnyx(api_key="KEYofacme", public_key=PUBLIC_KEY) as sdk:
        event = sdk.webhooks.unwrap(BODY.decode(), headers=sign(BODY, KEY, datetime.now(UTC)))
        assert event.to_dict() == json.loads(BODY)
        with pytest.raises(ValueError, match="signature does not match"):
            sdk.webhooks.unwrap(BODY.decode() + " ", headers=sign(BODY, KEY, datetime.now(UTC)))
