"""The key ring may be rotated under way: tokens that are out stay good."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.tokens.doors import enter, refresh, stay
from tokens.models import Grant
from videobroker.secret import Secret
from videobroker.tenants import keyring, rotation
from videobroker.tenants.models import RefreshStrategy

NEW_KEY = "new:" + base64.b64encode(bytes(range(1, 33))).decode()


def forget_keys() -> None:
    keyring.keyring.cache_clear()
    keyring.derived_keys.cache_clear()


@pytest.fixture
def set_ring(settings: Any) -> Iterator[Callable[[str], None]]:
    """Start the process anew, as it were, with this KEY_RING."""
    old = settings.KEY_RING

    def set_to(text: str) -> None:
        settings.KEY_RING = Secret(text)
        forget_keys()

    yield set_to
    settings.KEY_RING = old
    forget_keys()


@pytest.fixture
def rotate(settings: Any, set_ring: Callable[[str], None]) -> Callable[[], None]:
    """Put a new key before the others."""
    return lambda: set_ring(f"{NEW_KEY},{settings.KEY_RING.reveal()}")


def test_a_refresh_token_of_before_works_after(
    acme: Company, demo_room: Json, rotate: Callable[[], None]
) -> None:
    minted = enter(acme.person("bo"), demo_room)
    rotate()
    refreshed = stay(acme.person("bo"), demo_room, minted["refresh_token"])
    stay(acme.person("bo"), demo_room, refreshed["refresh_token"])


def test_a_repeated_token_gets_the_same_successor_on_both_sides_of_a_rotation(
    acme: Company, demo_room: Json, rotate: Callable[[], None]
) -> None:
    first = enter(acme.person("bo"), demo_room)["refresh_token"]
    second = stay(acme.person("bo"), demo_room, first)["refresh_token"]
    rotate()
    repeated = stay(acme.person("bo"), demo_room, first)["refresh_token"]
    assert stay(acme.person("bo"), demo_room, repeated)
    assert without_tag(repeated) == without_tag(second)


def test_an_old_token_is_theft_after_a_rotation_too(
    acme: Company, demo_room: Json, rotate: Callable[[], None]
) -> None:
    tokens = [enter(acme.person("bo"), demo_room)["refresh_token"]]
    for _ in range(2):
        tokens.append(stay(acme.person("bo"), demo_room, tokens[-1])["refresh_token"])
    rotate()
    assert refresh(acme.person("bo"), demo_room, tokens[0]).refusal == (403, "token_reused")


def test_telnyxs_refresh_token_opens_after_resealing_without_the_old_key(
    acme: Company, demo_room: Json, rotate: Callable[[], None], set_ring: Callable[[str], None]
) -> None:
    acme.change(refresh_strategy=RefreshStrategy.UPSTREAM)
    enter(acme.person("bo"), demo_room)
    before = Grant.objects.get().upstream_refresh_token
    rotate()
    assert dict(rotation.reseal_all())["tokens_grant.sealed_upstream_refresh_token"] == 1
    set_ring(NEW_KEY)
    assert Grant.objects.get().upstream_refresh_token == before


def test_once_the_old_key_is_gone_its_tokens_are_nobodys(
    acme: Company, demo_room: Json, rotate: Callable[[], None], set_ring: Callable[[str], None]
) -> None:
    minted = enter(acme.person("bo"), demo_room)
    rotate()
    dict(rotation.reseal_all())
    set_ring(NEW_KEY)
    refused = refresh(acme.person("bo"), demo_room, minted["refresh_token"])
    assert refused.refusal == (403, "invalid_refresh_token")


def without_tag(token: str) -> str:
    """A refresh token but for what proves that it is ours, which is made with the newest key."""
    return token[:-43]
