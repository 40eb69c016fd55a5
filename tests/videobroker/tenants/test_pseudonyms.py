"""Pseudonyms: the same for one person whenever they are made, and nobody's identity."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import transaction

from tests.cast import Company
from videobroker.secret import Secret
from videobroker.tenants import keyring, pseudonyms
from videobroker.tenants.identities import validate_identity
from videobroker.tenants.models import PseudonymKey

TENANT = uuid.UUID("0ccc7b54-4df3-4bca-a65a-3da1ecc777f0")


@pytest.fixture(autouse=True)
def key_is_of_this_database() -> Iterator[None]:
    pseudonyms.forget_key()
    yield
    pseudonyms.forget_key()


@pytest.mark.django_db
def test_a_person_has_one_pseudonym() -> None:
    assert pseudonyms.pseudonym_of(TENANT, "bo") == pseudonyms.pseudonym_of(TENANT, "bo")
    assert PseudonymKey.objects.count() == 1


@pytest.mark.django_db
def test_people_and_tenants_are_told_apart() -> None:
    made = {
        pseudonyms.pseudonym_of(tenant, who) for tenant in (TENANT, uuid.uuid4()) for who in ("bo", "ana")
    }
    assert len(made) == 4
    assert all(len(each) <= 60 and pseudonyms.is_pseudonym(each) for each in made)


@pytest.mark.django_db
def test_a_pseudonym_says_nothing_about_who_it_was() -> None:
    assert "bo" not in pseudonyms.pseudonym_of(TENANT, "bo").removeprefix("erased:")


@pytest.mark.django_db
def test_a_pseudonym_stays_when_the_key_ring_is_rotated(settings: Any, capsys: Any) -> None:
    before, old = pseudonyms.pseudonym_of(TENANT, "bo"), settings.KEY_RING.reveal()
    new = "new:" + "bmV3IGtleSBvZiAzMiBieXRlcywgaW4gYmFzZTY0ISE="
    try:
        settings.KEY_RING = Secret(f"{new},{old}")
        keyring.keyring.cache_clear()
        call_command("rotate_secrets")
        settings.KEY_RING = Secret(new)
        keyring.keyring.cache_clear()
        pseudonyms.forget_key()
        assert pseudonyms.pseudonym_of(TENANT, "bo") == before
    finally:
        settings.KEY_RING = Secret(old)
        keyring.keyring.cache_clear()
    assert "tenants_pseudonymkey.sealed_key: 1 sealed anew" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_a_key_that_was_rolled_back_is_not_remembered() -> None:
    with transaction.atomic():
        lost = pseudonyms.pseudonym_of(TENANT, "bo")
        transaction.set_rollback(True)
    assert PseudonymKey.objects.count() == 0
    made = pseudonyms.pseudonym_of(TENANT, "bo")
    assert made != lost
    pseudonyms.forget_key()
    assert pseudonyms.pseudonym_of(TENANT, "bo") == made


@pytest.mark.django_db(transaction=True)
def test_the_key_is_read_once_a_process(django_assert_num_queries: Any) -> None:
    pseudonyms.pseudonym_of(TENANT, "bo")
    with django_assert_num_queries(0):
        pseudonyms.pseudonym_of(TENANT, "ana")


def test_nobody_is_named_like_a_pseudonym() -> None:
    with pytest.raises(ValidationError):
        validate_identity("erased:0123456789abcdef0123456789abcdef")


def test_nobody_signs_in_as_a_pseudonym(acme: Company) -> None:
    refused = acme.person("erased:0123456789abcdef0123456789abcdef").get("/v2/rooms")
    assert refused.refusal == (401, "bad_claim")
