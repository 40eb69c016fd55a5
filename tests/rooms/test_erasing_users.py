"""Erasing people who sign in here: their user names nobody any more, and whoever was shut out stays out."""

from typing import Any

from django.test import Client

from rooms.models import Erasure
from tests.admin.conftest import olga
from tests.admin.forms import change_path, send
from tests.cast import Company
from tests.rooms.films import Studio
from tests.rooms.test_erasing import (
    IDENTITY,
    carry_on,
    order,
    places_of,
    pseudonyms_are_of_this_database,
    studio,
)
from tests.tokens.doors import mint
from videobroker.tenants.models import User

__all__ = ["olga", "pseudonyms_are_of_this_database", "studio"]

USERNAME, MAIL, PASSWORD = "zaphod", "zb@acme.example", "not a word"


def new_user(company: Company, **fields: Any) -> User:
    """The user of the person who is to be erased."""
    user = User(
        username=USERNAME, first_name="Zaphod", last_name="Beeblebrox", email=MAIL,
        tenant=company.row, identity=IDENTITY, **fields,
    )  # fmt: skip
    user.set_password(PASSWORD)
    user.save()
    return user


def erase(company: Company) -> str:
    """Erase the person, to the end; what stands for them."""
    pseudonym = str(order(company).data["pseudonym"])
    carry_on()
    assert not Erasure.objects.filter(finished_at=None).exists()
    return pseudonym


# --- Whoever was deactivated ------------------------------------------------------------------------------


def test_who_was_deactivated_stays_out_once_erased(acme: Company, globex: Company, studio: Studio) -> None:
    new_user(acme, is_active=False)
    order(acme)
    assert acme.person(IDENTITY).get("/v2/rooms").refusal == (401, "user_deactivated")
    carry_on()
    assert places_of(IDENTITY, USERNAME, MAIL) == []
    assert acme.person(IDENTITY).get("/v2/rooms").refusal == (401, "user_deactivated")
    acme.back_end.post(f"/v2/rooms/{studio.room['id']}/members", {"identity": IDENTITY})
    assert mint(acme.back_end, studio.room, identity=IDENTITY).refusal == (403, "user_deactivated")
    assert acme.person("ana").get("/v2/rooms").status == 200
    assert globex.person(IDENTITY).get("/v2/rooms").status == 200


def test_who_was_not_comes_back_as_somebody_new(acme: Company, studio: Studio) -> None:
    old = new_user(acme)
    erase(acme)
    old.refresh_from_db()
    assert (old.identity, old.is_active) == ("", False)
    assert acme.person(IDENTITY).get("/v2/rooms").status == 200
    new_user(acme)


def test_who_is_deactivated_and_erased_a_second_time_stays_out(acme: Company, studio: Studio) -> None:
    for _ in range(2):
        new_user(acme, is_active=False)
        erase(acme)
    assert acme.person(IDENTITY).get("/v2/rooms").refusal == (401, "user_deactivated")
    assert places_of(IDENTITY, USERNAME) == []


def test_an_operator_lets_them_in_again_as_somebody_new(acme: Company, studio: Studio, olga: Client) -> None:
    user = new_user(acme, is_active=False)
    pseudonym = erase(acme)
    listed = olga.get("/admin/tenants/user/", {"q": pseudonym}).content.decode()
    assert change_path("tenants_user", user) in listed
    assert send(olga, change_path("tenants_user", user), is_active="on").status_code == 302
    assert acme.person(IDENTITY).get("/v2/rooms").status == 200
    user.refresh_from_db()
    assert (user.identity, user.is_active) == ("", True)


def test_the_export_of_somebody_who_comes_back_says_that_they_are_shut_out(
    acme: Company, studio: Studio
) -> None:
    new_user(acme, is_active=False)
    pseudonym = erase(acme)
    [shown] = acme.back_end.get("/v2/personal_data", {"identity": IDENTITY}).data["users"]
    assert (shown["is_active"], shown["email"]) == (False, "")
    assert shown["username"].startswith(pseudonym)
