"""Secrets at rest: under which key, at which place, and what is said when either is gone."""

import base64
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import Company
from tests.videobroker.tenants.commands import said_by
from videobroker.secret import Secret
from videobroker.tenants import keyring as keyrings
from videobroker.tenants.keyring import KeyRing, KeyRingError
from videobroker.tenants.models import Account, IdentityProvider, SigningKey


def key(number: int) -> str:
    return base64.b64encode(bytes([number]) * 32).decode()


OLD, NEW = KeyRing.parse(Secret(f"old:{key(1)}")), KeyRing.parse(Secret(f"new:{key(2)}"))
BOTH = KeyRing.parse(Secret(f"new:{key(2)},old:{key(1)}"))


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=50).filter(str.isascii))
def test_what_is_sealed_opens_at_its_place(text: str, place: str) -> None:
    assert OLD.open(OLD.seal(Secret(text), bound_to=place), bound_to=place).reveal() == text


def test_the_same_secret_never_looks_the_same_twice() -> None:
    assert len({OLD.seal(Secret("swordfish"), bound_to="here") for _ in range(100)}) == 100


def test_what_was_moved_does_not_open() -> None:
    sealed = OLD.seal(Secret("swordfish"), bound_to="tenants_account:1:sealed_api_key")
    with pytest.raises(KeyRingError, match="was not sealed for that place"):
        OLD.open(sealed, bound_to="tenants_account:2:sealed_api_key")


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_what_was_tampered_with_does_not_open(at: int, flip: int) -> None:
    head, encoded = (sealed := OLD.seal(Secret("swordfish"), bound_to="here")).rsplit(".", 1)
    raw = bytearray(base64.b64decode(encoded))
    raw[at % len(raw)] ^= flip
    with pytest.raises(KeyRingError):
        OLD.open(f"{head}.{base64.b64encode(raw).decode()}", bound_to="here")
    assert OLD.open(sealed, bound_to="here").reveal() == "swordfish"


@pytest.mark.parametrize(
    "stored", ["", "v1", "plain text", "v1.old.", "v1.old.!!!", "v1.old.AAAA", "v2.old.AAAA", "v1.old.é"]
)
def test_what_was_never_sealed_is_called_that(stored: str) -> None:
    with pytest.raises(KeyRingError) as refused:
        OLD.open(stored, bound_to="tenants_account:1:sealed_api_key")
    assert "tenants_account:1:sealed_api_key" in str(refused.value)


def test_a_lost_key_is_named_with_what_it_seals() -> None:
    sealed = OLD.seal(Secret("swordfish"), bound_to="tenants_account:1:sealed_api_key")
    with pytest.raises(
        KeyRingError, match=r"no key 'old', which tenants_account:1:sealed_api_key .* add it back"
    ):
        NEW.open(sealed, bound_to="tenants_account:1:sealed_api_key")


def test_the_first_key_seals_and_all_open() -> None:
    before = OLD.seal(Secret("swordfish"), bound_to="here")
    after = BOTH.seal(Secret("swordfish"), bound_to="here")
    assert {BOTH.open(sealed, bound_to="here").reveal() for sealed in (before, after)} == {"swordfish"}
    assert (BOTH.is_current(before), BOTH.is_current(after)) == (False, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (",", "is empty"),
        ("swordfish", "entry 1 .*has a key of 0 bytes"),
        ("k1:swordfish!", "entry 1 is not base64"),
        ("k1:schwertfäsch", "entry 1 is not base64"),
        (f"k1:{key(1)},k2:AAAA", "entry 2 has a key of 3 bytes; it needs 32"),
        (f":{key(1)}", "entry 1 needs an id"),
        (f"k.1:{key(1)}", "entry 1 needs an id"),
        (f"k1:{key(1)},k1:{key(2)}", "entry 2 needs an id of its own"),
    ],
)
def test_a_ring_that_will_not_do_is_refused_without_showing_it(text: str, message: str) -> None:
    with pytest.raises(KeyRingError, match=message) as refused:
        KeyRing.parse(Secret(text))
    assert "swordfish" not in str(refused.value)
    assert key(1) not in str(refused.value)


def test_a_ring_shows_the_names_of_its_keys_only() -> None:
    assert repr(BOTH) == "KeyRing(new, old)"


@pytest.fixture
def new_ring(settings: Any) -> Iterator[None]:
    """The operator has put a new key before the old one and started anew."""
    settings.KEY_RING = Secret(f"new:{key(2)},{settings.KEY_RING.reveal()}")
    keyrings.keyring.cache_clear()
    keyrings.derived_keys.cache_clear()
    yield
    keyrings.keyring.cache_clear()
    keyrings.derived_keys.cache_clear()


def sealed_columns() -> list[str]:
    return [
        *Account.objects.exclude(sealed_api_key="").values_list("sealed_api_key", flat=True),
        *IdentityProvider.objects.values_list("sealed_secret", flat=True),
        *SigningKey.objects.values_list("sealed_private_key", flat=True),
    ]


def test_rotating_seals_everything_anew_and_changes_no_secret(
    acme: Company, globex: Company, request: pytest.FixtureRequest
) -> None:
    room = acme.new_room({"bo": "participant"})
    path = f"/v2/rooms/{room['id']}/actions/generate_join_client_token"
    acme.person("bo").post(path)
    assert {sealed.split(".")[1] for sealed in sealed_columns()} == {"test"}
    request.getfixturevalue("new_ring")
    assert acme.person("bo").post(path).status == 201
    said = said_by("rotate_secrets")
    assert "tenants_account.sealed_api_key: 2 sealed anew" in said
    assert "older keys are not needed any more" in said
    assert {sealed.split(".")[1] for sealed in sealed_columns()} == {"new"}
    assert acme.person("bo").post(path).status == 201
    assert "done, 0 in all" in said_by("rotate_secrets")


def test_a_secret_copied_from_one_row_to_another_does_not_open(acme: Company, globex: Company) -> None:
    stolen = acme.row.account.sealed_api_key
    Account.objects.filter(pk=globex.row.account_id).update(sealed_api_key=stolen)
    with pytest.raises(KeyRingError, match="was not sealed for that place"):
        _ = Account.objects.get(pk=globex.row.account_id).api_key


def test_a_rotation_that_was_interrupted_does_the_rest(acme: Company, new_ring: None) -> None:
    account = acme.row.account
    account.set_api_key(Secret("KEY" + uuid.uuid4().hex))
    account.save()
    said = said_by("rotate_secrets")
    assert "tenants_account.sealed_api_key: 0 sealed anew" in said
    assert "tenants_identityprovider.sealed_secret: 1 sealed anew" in said
