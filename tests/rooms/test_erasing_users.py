"""Erasing people who sign in here: their user names nobody any more, and whoever was shut out stays out."""

from typing import Any

from axes.models import AccessAttempt, AccessLog
from django.test import Client

from rooms import tasks
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
from tests.tokens.passing import Time, time
from videobroker.tenants import sign_ins
from videobroker.tenants.models import AuditEntry, User

__all__ = ["olga", "pseudonyms_are_of_this_database", "studio", "time"]

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


def signs_in_as(name: str, password: str = PASSWORD) -> bool:
    """Somebody signs in to the console under this name, if they may."""
    form = {"username": name, "password": password}
    return Client().post("/admin/login/", form, REMOTE_ADDR="192.0.2.7").status_code == 302


# --- Signing in -------------------------------------------------------------------------------------------


def test_sign_ins_go_under_whatever_name_somebody_tried(acme: Company, studio: Studio) -> None:
    new_user(acme, is_staff=True)
    assert signs_in_as(USERNAME)
    for name in (USERNAME.upper(), MAIL, MAIL.upper(), IDENTITY):
        assert not signs_in_as(name)
    assert not signs_in_as(USERNAME, "a wrong word")
    erase(acme)
    assert places_of(USERNAME, MAIL, IDENTITY) == []
    assert not any(kind.objects.exists() for kind in sign_ins.KINDS)


def test_what_stands_under_user_names_of_before_goes_as_well(
    acme: Company, studio: Studio, olga: Client
) -> None:
    user = new_user(acme, is_staff=True)
    assert signs_in_as(USERNAME)
    for name in ("zarniwoop", "zz9"):
        assert send(olga, change_path("tenants_user", user), username=name).status_code == 302
        assert signs_in_as(name)
    told = acme.back_end.get("/v2/personal_data", {"identity": IDENTITY}).data
    assert {each["username"] for each in told["sign_ins"]} == {USERNAME, "zarniwoop", "zz9"}
    renamed = [entry["subject"] for entry in told["audit_entries"] if entry["action"] == "user.renamed"]
    assert renamed == ["zarniwoop", "zz9"]
    erase(acme)
    assert places_of(USERNAME, "zarniwoop", "zz9") == []


def test_a_user_name_of_before_that_is_somebody_elses_now_stays_theirs(
    acme: Company, studio: Studio, olga: Client
) -> None:
    user = new_user(acme)
    send(olga, change_path("tenants_user", user), username="zz9")
    other = User.objects.create_user(USERNAME, password=PASSWORD, tenant=acme.row, is_staff=True)
    assert signs_in_as(USERNAME)
    send(olga, change_path("tenants_user", other), first_name="Zaphod")
    erase(acme)
    assert AccessLog.objects.filter(username=USERNAME).exists()
    assert AuditEntry.objects.filter(action="user.updated", subject=USERNAME).exists()


def test_a_user_name_that_two_have_had_in_turn_is_nobodys(
    acme: Company, studio: Studio, olga: Client
) -> None:
    """Whose sign-ins are under it cannot be told, so nobody is shown them, and they go with time."""
    user = new_user(acme, is_staff=True)
    send(olga, change_path("tenants_user", user), username="zz9")
    eve = User.objects.create_user(
        USERNAME, password=PASSWORD, tenant=acme.row, identity="eve", is_staff=True
    )
    assert signs_in_as(USERNAME)
    send(olga, change_path("tenants_user", eve), username="eve2")
    for identity in (IDENTITY, "eve"):
        told = acme.back_end.get("/v2/personal_data", {"identity": identity}).data
        assert USERNAME not in {each["username"] for each in told["sign_ins"]}, identity
    erase(acme)
    assert AccessLog.objects.filter(username=USERNAME).exists()


def test_under_a_name_of_somebody_else_they_stay(acme: Company, globex: Company, studio: Studio) -> None:
    new_user(acme)
    User.objects.create_user(IDENTITY, email=MAIL, password=PASSWORD, tenant=globex.row, is_staff=True)
    assert signs_in_as(IDENTITY)
    assert not signs_in_as(MAIL)
    assert sign_ins_of(acme) == []
    erase(acme)
    assert AccessLog.objects.get().username == IDENTITY
    assert AccessAttempt.objects.get().username == MAIL


def sign_ins_of(company: Company) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = company.back_end.get("/v2/personal_data", {"identity": IDENTITY}).data[
        "sign_ins"
    ]
    return found


def test_the_export_has_when_and_from_where_they_signed_in(acme: Company, studio: Studio) -> None:
    new_user(acme, is_staff=True)
    User.objects.create_user("ana", password=PASSWORD, tenant=acme.row, identity="ana", is_staff=True)
    for _ in range(2):
        assert not signs_in_as(MAIL)
    assert signs_in_as("ana")
    assert signs_in_as(USERNAME)
    told = [(each["username"], each["succeeded"], each["attempts"]) for each in sign_ins_of(acme)]
    assert told == [(USERNAME, True, 1), (MAIL, False, 2)]
    assert {each["address"] for each in sign_ins_of(acme)} == {"192.0.2.7"}


def test_old_sign_ins_are_forgotten(acme: Company, studio: Studio, time: Time) -> None:
    new_user(acme, is_staff=True)
    assert signs_in_as(USERNAME)
    assert not signs_in_as(MAIL)
    time.passes(89 * 86400)
    tasks.tidy()
    assert len(sign_ins_of(acme)) == 2
    time.passes(2 * 86400)
    tasks.tidy()
    assert sign_ins_of(acme) == []


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
