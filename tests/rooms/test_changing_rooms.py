"""Changing and deleting rooms."""

from typing import Any

import pytest

from rooms.models import Operation, Room
from tests.asking import Json
from tests.cast import Company


def path_of(room: Json) -> str:
    return f"/v2/rooms/{room['id']}"


def ordered(room: Json) -> list[str]:
    kinds = Operation.objects.filter(room=room["id"]).order_by("sequence").values_list("kind", flat=True)
    return list(kinds)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unique_name", "retro"),
        ("max_participants", 50),
        ("enable_recording", True),
        ("webhook_event_url", "https://acme.example/hook"),
        ("webhook_event_failover_url", "https://spare.acme.example/hook"),
        ("webhook_timeout_secs", 0),
        ("opens_at", "2031-01-01T08:00:00.000000Z"),
        ("closes_at", "2031-01-01T08:00:00.000000Z"),
        ("locked", True),
        ("access", "tenant"),
        ("recording_retention_days", 36500),
        ("auto_compose", True),
    ],
)
def test_each_field_can_be_changed_and_nothing_else_changes(acme: Company, field: str, value: Any) -> None:
    room = acme.new_room(unique_name="standup")
    changed = acme.back_end.patch(path_of(room), {field: value})
    assert changed.status == 200
    differing = {name for name in room if room[name] != changed.data[name]}
    assert differing - {"state"} == {field, "updated_at"}
    assert acme.back_end.get(path_of(room)).data == changed.data


@pytest.mark.parametrize(
    "field", ["webhook_timeout_secs", "opens_at", "closes_at", "recording_retention_days"]
)
def test_what_may_be_empty_can_be_emptied(acme: Company, field: str) -> None:
    at = "2031-01-01T08:00:00Z"
    room = acme.new_room(**{field: at if field.endswith("_at") else 5})
    assert acme.back_end.patch(path_of(room), {field: None}).data[field] is None


def test_an_empty_failover_url_may_be_told_as_null(acme: Company) -> None:
    room = acme.new_room(webhook_event_failover_url="https://acme.example/hook")
    emptied = acme.back_end.patch(path_of(room), {"webhook_event_failover_url": None})
    assert emptied.data["webhook_event_failover_url"] == ""


def test_a_change_that_does_not_do_changes_nothing(acme: Company) -> None:
    room = acme.new_room(unique_name="standup")
    refused = acme.back_end.patch(path_of(room), {"unique_name": "retro", "max_participants": 51})
    assert (refused.status, refused.error["source"]) == (422, {"pointer": "/max_participants"})
    assert acme.back_end.get(path_of(room)).data == room


def test_a_room_cannot_be_renamed_to_a_name_in_use(acme: Company) -> None:
    acme.new_room(unique_name="retro")
    room = acme.new_room(unique_name="standup")
    refused = acme.back_end.patch(path_of(room), {"unique_name": "retro"})
    assert (refused.status, refused.error["code"]) == (422, "10012")
    assert refused.error["source"] == {"pointer": "/unique_name"}


def test_a_room_may_be_renamed_to_its_own_name(acme: Company) -> None:
    room = acme.new_room(unique_name="standup")
    assert acme.back_end.patch(path_of(room), {"unique_name": "standup"}).status == 200


def test_a_closing_time_is_compared_with_the_opening_time_there_is(acme: Company) -> None:
    room = acme.new_room(opens_at="2031-01-01T08:00:00Z")
    refused = acme.back_end.patch(path_of(room), {"closes_at": "2031-01-01T07:00:00Z"})
    assert (refused.status, refused.error["source"]) == (422, {"pointer": "/closes_at"})


@pytest.mark.parametrize("change", [{"max_participants": 5}, {"enable_recording": True}])
def test_what_concerns_telnyx_is_ordered(acme: Company, change: Json) -> None:
    room = acme.new_room()
    acme.back_end.patch(path_of(room), change)
    assert ordered(room) == ["create_room", "update_room"]


@pytest.mark.parametrize(
    "change", [{}, {"locked": True}, {"unique_name": "retro"}, {"max_participants": 10}, {"access": "tenant"}]
)
def test_what_does_not_concern_telnyx_is_not_ordered(acme: Company, change: Json) -> None:
    room = acme.new_room()
    acme.back_end.patch(path_of(room), change)
    assert ordered(room) == ["create_room"]


def test_closing_and_opening_order_the_telnyx_room_deleted_and_made(acme: Company) -> None:
    room = acme.new_room()
    closed = acme.back_end.patch(path_of(room), {"closes_at": "2020-01-01T00:00:00Z"})
    opened = acme.back_end.patch(path_of(room), {"closes_at": None})
    assert (closed.data["state"], opened.data["state"]) == ("closed", "open")
    assert ordered(room) == ["create_room", "delete_room", "create_room"]


def test_a_deleted_room_is_gone(acme: Company) -> None:
    room = acme.new_room()
    assert acme.back_end.delete(path_of(room)).status == 204
    unknown = acme.back_end.get("/v2/rooms/0ccc7b54-4df3-4bca-a65a-3da1ecc777f0")
    for answer in (
        acme.back_end.get(path_of(room)),
        acme.back_end.patch(path_of(room), {}),
        acme.back_end.delete(path_of(room)),
        acme.back_end.post(f"{path_of(room)}/actions/generate_join_client_token"),
    ):
        assert (answer.status, answer.error["detail"]) == (404, unknown.error["detail"])
    assert ordered(room) == ["create_room", "delete_room"]


def test_a_name_is_free_again_when_its_room_is_deleted(acme: Company) -> None:
    acme.back_end.delete(path_of(acme.new_room(unique_name="standup")))
    assert acme.back_end.post("/v2/rooms", {"unique_name": "standup"}).status == 201
    assert Room.objects.filter(unique_name="standup").count() == 2
