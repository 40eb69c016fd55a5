"""A value of another type of JSON than its field's is refused, where a framework would guess what was meant."""

from typing import Any

import pytest
from django.utils import timezone

from rooms import reconciling
from rooms.models import Room
from tests.asking import Json
from tests.cast import Company
from tests.simulated import Simulator

OTHER_TYPES = {
    "max_participants": ["7", True, 7.5, [7], {}],
    "locked": ["true", "no", 1, 0, "on", []],
    "unique_name": [7, 7.5, True, ["board"], {"name": "board"}],
    "opens_at": [0, 1893456000, True, ["2030-01-01T09:00:00Z"]],
    "access": [7, True, ["tenant"]],
}


@pytest.fixture
def session(acme: Company, demo_room: Json, simulator: Simulator) -> Json:
    """Bo is in."""
    minted = acme.person("bo").post(f"/v2/rooms/{demo_room['id']}/actions/generate_join_client_token").data
    simulator.join(minted["token"], minted["context"])
    reconciling.reconcile(Room.objects.get(pk=demo_room["id"]), now=timezone.now())
    (found,) = acme.back_end.get("/v2/room_sessions").data
    return found


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in OTHER_TYPES.items() for value in values], ids=str
)
def test_a_value_of_another_type_is_refused_and_pointed_at(acme: Company, name: str, value: Any) -> None:
    refused = acme.back_end.post("/v2/rooms", {name: value})
    assert refused.status == 422
    assert refused.error["source"]["pointer"] == f"/{name}"


def test_a_number_without_a_fraction_is_whole_however_it_is_written(acme: Company) -> None:
    made = acme.back_end.post("/v2/rooms", b'{"max_participants": 7.0}')
    assert (made.status, made.data["max_participants"]) == (201, 7)


@pytest.mark.parametrize(
    ("path", "body", "allowed"),
    [
        ("/v2/rooms", {"access": "world"}, "members, tenant"),
        ("/v2/rooms/{room}/members", {"identity": "dot", "role": "boss"}, "moderator, participant"),
        ("/v2/room_compositions", {"format": "webm"}, "mp4"),
    ],
)
def test_a_choice_that_there_is_not_is_told_those_that_there_are(
    acme: Company, demo_room: Json, path: str, body: Json, allowed: str
) -> None:
    refused = acme.back_end.post(path.format(room=demo_room["id"]), body)
    assert refused.status == 422
    told = {each["meta"]["reason"]: each["detail"] for each in refused.body["errors"]}
    assert told["invalid_choice"] == f"this has to be one of: {allowed}"


def test_a_wrong_type_is_told_beside_all_else_that_is_wrong(acme: Company) -> None:
    refused = acme.back_end.post("/v2/rooms", {"max_participants": "7", "access": "world", "unique_name": ""})
    told = {fault["source"]["pointer"]: fault["meta"]["reason"] for fault in refused.body["errors"]}
    assert told == {"/max_participants": "invalid", "/access": "invalid_choice", "/unique_name": "blank"}


def test_a_wrong_type_within_a_list_is_pointed_at_where_it_stands(acme: Company, session: Json) -> None:
    path = f"/v2/room_sessions/{session['id']}/actions/mute"
    refused = acme.back_end.post(path, {"identities": ["bo", 7]})
    assert (refused.reason, refused.error["source"]["pointer"]) == ("invalid", "/identities/1")


@pytest.mark.parametrize("value", [0, True, None, "1d2e6f0a5b1c4f6e9a573c8de1f0a2b4", ["bo"]])
def test_participants_are_named_by_ids_and_nothing_else(acme: Company, session: Json, value: Any) -> None:
    path = f"/v2/room_sessions/{session['id']}/actions/kick"
    refused = acme.back_end.post(path, {"participants": [value]})
    assert (refused.status, refused.error["source"]["pointer"]) == (422, "/participants/0")


def test_an_empty_list_is_out_of_range(acme: Company, session: Json) -> None:
    path = f"/v2/room_sessions/{session['id']}/actions/mute"
    assert acme.back_end.post(path, {"identities": []}).refusal == (422, "out_of_range")
    assert acme.back_end.post(path, {"identities": "bo"}).refusal == (422, "invalid")


@pytest.mark.parametrize(
    "text",
    [
        "2030-02-30T09:00:00Z",
        "0001-01-01T00:00:00+23:00",
        "2030-02-28",
        "2030-02-28T09:00:00",
        "20300228T090000Z",
        "",
    ],
)
def test_a_time_has_a_day_of_the_calendar_and_an_offset(acme: Company, demo_room: Json, text: str) -> None:
    refused = acme.back_end.patch(f"/v2/rooms/{demo_room['id']}", {"opens_at": text})
    assert (refused.status, refused.error["source"]["pointer"]) == (422, "/opens_at")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("2040-02-30T00:00:00Z", "there is no day 2040-02-30: "),
        ("2040-13-01T00:00:00Z", "there is no day 2040-13-01: "),
        ("2040-01-01T25:00:00Z", "there is no such time of day, or offset: "),
        ("2040-01-01T00:00:00+29:00", "there is no such time of day, or offset: "),
        ("2040-01-01T00:00Z", ""),
        ("2040-01-01T00:00:00", ""),
        ("2040-01-01", ""),
        ("soon", ""),
    ],
)
@pytest.mark.parametrize("field", ["opens_at", "closes_at"])
def test_what_is_no_time_is_told_what_one_looks_like(
    acme: Company, field: str, text: str, missing: str
) -> None:
    refused = acme.back_end.post("/v2/rooms", {field: text})
    assert refused.refusal == (422, "invalid")
    (fault,) = refused.body["errors"]
    looks = "this has to be a time with seconds and its offset, such as 2030-01-01T09:00:00Z (RFC 3339)"
    assert (fault["source"]["pointer"], fault["detail"]) == (f"/{field}", missing + looks)


@pytest.mark.parametrize(
    "text", ["2030-02-28T09:00:00Z", "2030-02-28T10:00:00.000+01:00", "2030-02-28 09:00:00Z"]
)
def test_a_time_with_its_offset_is_the_same_however_it_is_written(
    acme: Company, demo_room: Json, text: str
) -> None:
    changed = acme.back_end.patch(f"/v2/rooms/{demo_room['id']}", {"opens_at": text})
    assert changed.data["opens_at"] == "2030-02-28T09:00:00.000000Z"


@pytest.mark.parametrize(
    "text", ["", "board", "1d2e6f0a5b1c4f6e9a573c8de1f0a2b4", "{1d2e6f0a-5b1c-4f6e-9a57-3c8de1f0a2b4}"]
)
def test_an_id_is_written_as_ids_are(acme: Company, text: str) -> None:
    refused = acme.back_end.post("/v2/bans", {"identity": "bo", "room_id": text})
    assert (refused.status, refused.error["source"]["pointer"]) == (422, "/room_id")
