"""Making rooms: Telnyx's fields and ours, their limits, and names."""

from datetime import datetime
from typing import Any

import pytest

from rooms.models import Operation, Room
from tests.asking import Json
from tests.cast import Company

TELNYX_FIELDS = {
    "unique_name": "standup",
    "max_participants": 4,
    "enable_recording": True,
    "webhook_event_url": "https://acme.example/hook",
    "webhook_event_failover_url": "https://spare.acme.example/hook",
    "webhook_timeout_secs": 25,
}
OUR_FIELDS = {
    "opens_at": "2031-01-01T08:00:00.000000Z",
    "closes_at": "2031-01-01T09:00:00.000000Z",
    "locked": True,
    "access": "tenant",
    "recording_retention_days": 7,
    "auto_compose": True,
}
NO_SESSION = "5ca1ab1e-0000-4000-8000-000000000000"


def test_a_room_has_the_fields_it_was_made_with(acme: Company) -> None:
    made = acme.back_end.post("/v2/rooms", {**TELNYX_FIELDS, **OUR_FIELDS})
    assert made.status == 201
    assert {name: made.data[name] for name in (*TELNYX_FIELDS, *OUR_FIELDS)} == {
        **TELNYX_FIELDS,
        **OUR_FIELDS,
    }


def test_a_room_made_of_nothing_has_the_defaults(acme: Company) -> None:
    room = acme.back_end.post("/v2/rooms").data
    told = {name: room[name] for name in room if name not in ("id", "created_at", "updated_at")}
    assert told == {
        "record_type": "room",
        "unique_name": None,
        "max_participants": 10,
        "enable_recording": False,
        "active_session_id": None,
        "webhook_event_url": "",
        "webhook_event_failover_url": "",
        "webhook_timeout_secs": None,
        "state": "open",
        "upstream": "pending",
        "opens_at": None,
        "closes_at": None,
        "locked": False,
        "access": "members",
        "recording_retention_days": None,
        "auto_compose": False,
    }


def test_times_are_iso_8601_in_utc(acme: Company) -> None:
    room = acme.back_end.post("/v2/rooms").data
    for name in ("created_at", "updated_at"):
        assert room[name].endswith("Z")
        assert datetime.fromisoformat(room[name]).utcoffset() is not None


def test_times_of_another_zone_are_told_in_utc(acme: Company) -> None:
    made = acme.back_end.post("/v2/rooms", {"opens_at": "2031-01-01T10:00:00+02:00"})
    assert made.data["opens_at"] == "2031-01-01T08:00:00.000000Z"


@pytest.mark.parametrize(
    ("field", "fitting"), [("max_participants", (2, 50)), ("webhook_timeout_secs", (0, 30))]
)
def test_numbers_at_their_limits_are_taken(acme: Company, field: str, fitting: tuple[int, int]) -> None:
    made = [acme.back_end.post("/v2/rooms", {field: number}) for number in fitting]
    assert [(room.status, room.data[field]) for room in made] == [(201, number) for number in fitting]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("max_participants", 1, "10033"),
        ("max_participants", 51, "10033"),
        ("max_participants", 2**53 - 1, "10033"),
        ("max_participants", "many", "10027"),
        ("max_participants", None, "10027"),
        ("max_participants", 2.5, "10027"),
        ("webhook_timeout_secs", -1, "10033"),
        ("webhook_timeout_secs", 31, "10033"),
        ("unique_name", "", "10027"),
        ("unique_name", "n" * 256, "10033"),
        ("unique_name", ["a"], "10027"),
        ("enable_recording", "perhaps", "10027"),
        ("enable_recording", None, "10027"),
        ("webhook_event_url", "acme.example/hook", "10027"),
        ("webhook_event_url", "javascript:alert(1)", "10027"),
        ("webhook_event_failover_url", "ftp://acme.example/hook", "10027"),
        ("webhook_event_url", "https://acme.example/" + "x" * 2000, "10033"),
        ("opens_at", "tomorrow", "10027"),
        ("locked", "half", "10027"),
        ("access", "world", "10027"),
        ("recording_retention_days", 0, "10033"),
        ("recording_retention_days", 36501, "10033"),
    ],
)
def test_a_value_that_does_not_do_is_pointed_at(acme: Company, field: str, value: Any, code: str) -> None:
    refused = acme.back_end.post("/v2/rooms", {field: value})
    assert (refused.status, refused.error["code"]) == (422, code)
    assert refused.error["source"] == {"pointer": f"/{field}"}
    assert not Room.objects.exists()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://example.com:22/x", "port 22 is not for HTTP; use 443, 80, or one from 1024 up"),
        ("https://example.com:0/x", "the port is not a number from 1 to 65535"),
        (
            "https://bo:swordfish@example.com/x",
            "the URL has a user name or password before the host; leave it out",
        ),
        (
            "https://example.com/x#y",
            "the URL has a fragment, which is never sent; leave out '#' and the rest",
        ),
        ("example.com/x", "the URL must start with http:// or https://"),
    ],
)
@pytest.mark.parametrize("field", ["webhook_event_url", "webhook_event_failover_url"])
def test_a_url_that_no_webhook_could_be_sent_to_is_refused_when_it_is_given(
    acme: Company, field: str, url: str, told: str
) -> None:
    room = acme.new_room()
    for refused in (
        acme.back_end.post("/v2/rooms", {field: url}),
        acme.back_end.patch(f"/v2/rooms/{room['id']}", {field: url}),
        acme.back_end.post("/v2/room_compositions", {"session_id": NO_SESSION, field: url}),
    ):
        assert refused.refusal == (422, "invalid")
        assert (refused.error["source"], refused.error["detail"]) == ({"pointer": f"/{field}"}, told)


@pytest.mark.parametrize(
    "url", ["http://example.com:8080/x", "https://hooks.internal:8443/", "http://10.0.0.1/"]
)
def test_what_only_an_operator_can_rule_out_is_taken(acme: Company, url: str) -> None:
    assert acme.back_end.post("/v2/rooms", {"webhook_event_url": url}).data["webhook_event_url"] == url


def test_every_wrong_value_is_pointed_at_in_one_answer(acme: Company) -> None:
    refused = acme.back_end.post("/v2/rooms", {"max_participants": 1, "access": "world", "locked": "half"})
    pointers = {error["source"]["pointer"] for error in refused.body["errors"]}
    assert pointers == {"/max_participants", "/access", "/locked"}


@pytest.mark.parametrize(
    "field", ["tenant", "tenant_id", "id", "telnyx_id", "upstream", "deleted_at", "nonsense"]
)
def test_a_field_that_nobody_may_set_is_refused(acme: Company, field: str) -> None:
    refused = acme.back_end.post("/v2/rooms", {field: "x"})
    assert refused.refusal == (422, "unknown_field")
    assert refused.error["source"] == {"pointer": f"/{field}"}


def test_a_room_cannot_close_before_it_opens(acme: Company) -> None:
    backwards = {"opens_at": OUR_FIELDS["closes_at"], "closes_at": OUR_FIELDS["opens_at"]}
    refused = acme.back_end.post("/v2/rooms", backwards)
    assert (refused.status, refused.error["source"]) == (422, {"pointer": "/closes_at"})


def test_a_name_belongs_to_one_room_of_a_tenant(acme: Company) -> None:
    acme.new_room(unique_name="standup")
    refused = acme.back_end.post("/v2/rooms", {"unique_name": "standup"})
    assert refused.refusal == (422, "duplicate")
    assert (refused.error["code"], refused.error["source"]) == ("10012", {"pointer": "/unique_name"})


def test_rooms_without_names_do_not_collide(acme: Company) -> None:
    assert [acme.back_end.post("/v2/rooms").status for _ in range(2)] == [201, 201]


def test_another_tenant_may_have_a_room_of_the_same_name(acme: Company, globex: Company) -> None:
    acme.new_room(unique_name="standup")
    assert globex.back_end.post("/v2/rooms", {"unique_name": "standup"}).status == 201


def test_a_tenant_may_have_only_so_many_rooms(acme: Company) -> None:
    acme.change(max_rooms=1)
    room = acme.new_room()
    assert acme.back_end.post("/v2/rooms").refusal == (403, "too_many_rooms")
    acme.back_end.delete(f"/v2/rooms/{room['id']}")
    assert acme.back_end.post("/v2/rooms").status == 201


def test_a_room_is_ordered_made_with_its_row(acme: Company) -> None:
    room = acme.new_room()
    ordered = Operation.objects.get(room=room["id"])
    assert (ordered.kind, ordered.state, ordered.sequence) == ("create_room", "pending", 1)


def test_a_refused_room_leaves_no_order(acme: Company) -> None:
    acme.new_room(unique_name="standup")
    acme.back_end.post("/v2/rooms", {"unique_name": "standup"})
    assert Operation.objects.count() == 1


def test_a_room_that_is_closed_from_the_start_is_not_made_at_telnyx(acme: Company) -> None:
    room = acme.new_room(closes_at="2020-01-01T00:00:00Z")
    assert room["state"] == "closed"
    assert not Operation.objects.exists()


def test_a_room_that_opens_later_is_scheduled(acme: Company) -> None:
    assert acme.new_room(opens_at=OUR_FIELDS["opens_at"])["state"] == "scheduled"


def test_the_same_idempotency_key_makes_one_room(acme: Company) -> None:
    made: list[Json] = [
        acme.back_end.post("/v2/rooms", {}, Idempotency_Key="k1").data["id"] for _ in range(2)
    ]
    assert made[0] == made[1]
    assert Operation.objects.count() == 1
