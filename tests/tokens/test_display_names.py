"""Under which name somebody is shown: the member's, else the one asked for, else the login's, else the identity."""

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.tokens.doors import enter, grant_of, mint


def name_of(acme: Company, minted: Json) -> str:
    return str(grant_of(acme.back_end, minted)["display_name"])


def name_the_member(acme: Company, room: Json, identity: str, name: str) -> None:
    members = acme.back_end.get(f"/v2/rooms/{room['id']}/members", {"filter[identity]": identity}).data
    path = f"/v2/rooms/{room['id']}/members/{members[0]['id']}"
    assert acme.back_end.patch(path, {"display_name": name}).status == 200


def test_the_members_name_goes_before_all_others(acme: Company, demo_room: Json) -> None:
    name_the_member(acme, demo_room, "bo", "Dr. Bo")
    minted = enter(acme.person("bo", name="Bobby"), demo_room, display_name="Bo the Great")
    assert name_of(acme, minted) == "Dr. Bo"


def test_a_name_asked_for_goes_before_the_logins(acme: Company, demo_room: Json) -> None:
    assert name_of(acme, enter(acme.person("bo", name="Bobby"), demo_room, display_name="B.")) == "B."


def test_the_logins_name_goes_before_the_identity(acme: Company, demo_room: Json) -> None:
    assert name_of(acme, enter(acme.person("bo", name="Bobby"), demo_room)) == "Bobby"


def test_without_any_name_the_identity_is_shown(acme: Company, demo_room: Json) -> None:
    assert name_of(acme, enter(acme.back_end, demo_room, identity="bo")) == "bo"


def test_a_back_ends_own_grant_has_no_name_unless_it_gives_one(acme: Company, demo_room: Json) -> None:
    assert name_of(acme, enter(acme.back_end, demo_room)) == ""
    assert name_of(acme, enter(acme.back_end, demo_room, display_name="Recorder")) == "Recorder"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("  Bo  ", "Bo"),
        ("B\u202eo", "Bo"),
        ("Bo\u200b", "Bo"),
        ("B\no\x1b[31m", "Bo[31m"),
        ("Bjo\u0308rn", "Bj\u00f6rn"),
        ("\u200b\u202e", "bo"),
    ],
)
def test_what_cannot_be_seen_is_left_out_of_a_name(
    acme: Company, demo_room: Json, written: str, shown: str
) -> None:
    minted = enter(acme.back_end, demo_room, identity="bo", display_name=written)
    assert name_of(acme, minted) == shown


def test_a_name_of_more_than_a_hundred_characters_is_refused(acme: Company, demo_room: Json) -> None:
    refused = mint(acme.person("bo"), demo_room, display_name="B" * 101)
    assert refused.refusal == (422, "out_of_range")
    assert refused.error["source"] == {"pointer": "/display_name"}


def test_an_identity_longer_than_any_name_is_shown_cut(acme: Company) -> None:
    identity = "b" * 255
    room = acme.new_room({identity: "participant"})
    assert name_of(acme, enter(acme.back_end, room, identity=identity)) == "b" * 100
