"""A back end's key: whole, known, in force, and good for what its scopes say."""

import hashlib
import re
import zlib
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.asking import Asker
from tests.cast import Company
from videobroker import tokentext
from videobroker.tenants import api_keys
from videobroker.tenants.models import ApiKey

# What a secret scanner is told to look for.
SCANNED = re.compile(r"\bvb[kr]_[0-9A-Za-z]{61,}\b")


def ask(key: str) -> tuple[int, str | None]:
    """Status and reason of a request with the key."""
    answer = Asker(key).get("/v2/rooms")
    return answer.status, answer.body["errors"][0]["meta"]["reason"] if answer.status >= 400 else None


def test_a_key_that_is_not_whole_is_refused_without_asking_the_database(acme: Company) -> None:
    key = acme.api_key
    garbled = [
        key[:-1],
        key + "a",
        key[:20] + "!" + key[21:],
        "vbk_" + key[4:].swapcase(),
        "vbk_",
        "vbk_" + "a" * 61,
    ]
    garbled += [key[:at] + ("b" if key[at] == "a" else "a") + key[at + 1 :] for at in range(4, len(key))]
    with CaptureQueriesContext(connection) as queries:
        assert {ask(each) for each in garbled} == {(401, "invalid_key")}
    assert [query["sql"] for query in queries] == []


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet=tokentext.ALPHABET, min_size=61, max_size=61))
def test_a_guess_is_recognised_as_one(guess: str) -> None:
    checked = tokentext.encode(zlib.crc32(("vbk_" + guess[:-6]).encode()), 6)
    assert tokentext.has_valid_checksum("vbk_" + guess) is (guess[-6:] == checked)


def test_a_whole_key_that_was_never_made_is_refused(acme: Company) -> None:
    made_up = tokentext.with_checksum("vbk_" + tokentext.random_text(55))
    assert ask(made_up) == (401, "invalid_key")


def test_the_right_name_with_a_wrong_secret_is_refused(acme: Company) -> None:
    other = tokentext.with_checksum(acme.api_key[:16] + tokentext.random_text(43))
    assert ask(other) == (401, "invalid_key")


def test_a_revoked_key_says_so_with_telnyx_code(acme: Company) -> None:
    ApiKey.objects.update(revoked_at=timezone.now())
    answer = acme.back_end.get("/v2/rooms")
    assert answer.refusal == (401, "key_revoked")
    assert answer.error["code"] == "20002"


def test_a_key_ends_when_it_expires(acme: Company) -> None:
    ends_at = timezone.now() + timedelta(days=1)
    key = acme.key_with("rooms:read", expires_at=ends_at)
    with time_machine.travel(ends_at - timedelta(seconds=1), tick=False):
        assert key.get("/v2/rooms").status == 200
    with time_machine.travel(ends_at, tick=False):
        assert key.get("/v2/rooms").refusal == (401, "key_expired")


def test_its_last_use_is_recorded_to_the_minute(acme: Company) -> None:
    row, start = ApiKey.objects.get(), timezone.now().replace(microsecond=0)
    recorded = []
    for after_secs in (0, 1, 59, 61, 100, 122):
        with time_machine.travel(start + timedelta(seconds=after_secs), tick=False):
            acme.back_end.get("/v2/rooms")
        row.refresh_from_db()
        assert row.last_used_at is not None
        recorded.append((row.last_used_at - start).total_seconds())
    assert recorded == [0, 0, 0, 61, 61, 122]


def test_a_refused_key_was_not_used(acme: Company) -> None:
    ApiKey.objects.update(revoked_at=timezone.now())
    acme.back_end.get("/v2/rooms")
    assert ApiKey.objects.get().last_used_at is None


def test_only_a_hash_of_the_secret_is_kept(acme: Company) -> None:
    row: dict[str, Any] = ApiKey.objects.values().get()
    secret = acme.api_key[16:59]
    assert row["lookup"] == acme.api_key[4:16]
    assert row["secret_hash"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in repr(row)
    assert acme.api_key not in repr(ApiKey.objects.get())


def test_secret_scanners_find_every_key_wherever_it_lies(acme: Company) -> None:
    keys = [
        api_keys.create(acme.row, name=str(number), scopes=["rooms:read"])[1].reveal() for number in range(50)
    ]
    for template in ("KEY={}\n", 'api_key: "{}"', "https://x/?k={}&a", "({})", "{}"):
        assert SCANNED.findall("\n".join(template.format(key) for key in keys)) == keys


@pytest.mark.parametrize(
    "scopes", [[], ["rooms:everything"], ["rooms:read", "admin"], "rooms:read", {"rooms:read": 1}]
)
def test_a_key_of_unknown_scopes_is_not_made(acme: Company, scopes: Any) -> None:
    with pytest.raises(ValidationError):
        api_keys.create(acme.row, name="odd", scopes=scopes)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("header", ["bearer {}", "BEARER {}", "Bearer  {}", "Bearer {} "])
def test_the_scheme_is_read_as_http_has_it(acme: Company, header: str) -> None:
    asked = Asker().get("/v2/rooms", None, Authorization=header.format(acme.api_key))
    assert asked.status == 200


@pytest.mark.parametrize("header", ["{}", "Basic {}", "Token {}", "Bearer{}", "Bearer {} {}", "Bearer é{}"])
def test_no_other_way_of_showing_a_key_lets_anybody_in(acme: Company, header: str) -> None:
    asked = Asker().get("/v2/rooms", None, Authorization=header.format(acme.api_key, acme.api_key))
    assert asked.status == 401


def test_a_key_of_telnyx_is_told_where_it_belongs(acme: Company) -> None:
    refused = Asker("KEY0123456789ABCDEF_abcdefSWORDFISH").get("/v2/rooms")
    assert refused.refusal == (401, "malformed")
    assert "a key of Telnyx's" in refused.error["detail"]
    assert "begins with vbk_" in refused.error["detail"]
    assert "SWORDFISH" not in str(refused.body)


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer swordfish", "Bearer vbk-swordfish"])
def test_what_is_no_credential_is_told_what_both_kinds_look_like(acme: Company, header: str) -> None:
    refused = Asker().get("/v2/rooms", None, Authorization=header)
    assert refused.refusal == (401, "malformed")
    assert "a signed JWT (three parts joined by dots)" in refused.error["detail"]
    assert "begins with vbk_" in refused.error["detail"]
    assert "swordfish" not in refused.error["detail"]


def test_a_key_in_the_url_or_a_cookie_is_not_looked_at(acme: Company) -> None:
    key = acme.api_key
    assert Asker().get("/v2/rooms", {"api_key": key}).status == 401
    assert Asker().get("/v2/rooms", None, Cookie=f"Authorization={key}; sessionid={key}").status == 401
    assert Asker().get("/v2/rooms", None, X_Api_Key=key).status == 401
