"""Operations as callers see them."""

import pytest

from rooms.models import Operation
from tests.asking import Json
from tests.cast import Company


def operation_of(room: Json) -> str:
    return str(Operation.objects.get(room=room["id"], kind="create_room").pk)


def test_an_order_shows_how_far_it_has_got(acme: Company, demo_room: Json) -> None:
    shown = acme.back_end.get(f"/v2/operations/{operation_of(demo_room)}").data
    expected = {
        "record_type": "operation",
        "room_id": demo_room["id"],
        "kind": "create_room",
        "state": "pending",
        "attempts": 0,
        "result": None,
        "last_error": "",
        "finished_at": None,
    }
    assert {name: shown[name] for name in expected} == expected
    assert shown["ordered_by"].startswith("api_key:")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["delete_room", "create_room", "create_room"]),
        ({"filter[kind]": "delete_room"}, ["delete_room"]),
        ({"filter[state]": "succeeded"}, []),
        ({"filter[state]": "pending", "page[size]": "1"}, ["delete_room"]),
        ({"filter[date_created_at][lte]": "2020-01-01"}, []),
    ],
)
def test_orders_are_found(acme: Company, query: dict[str, str], found: list[str]) -> None:
    acme.new_room()
    acme.back_end.delete(f"/v2/rooms/{acme.new_room()['id']}")
    assert [one["kind"] for one in acme.back_end.get("/v2/operations", query).data] == found


def test_orders_are_found_by_room(acme: Company, demo_room: Json) -> None:
    acme.new_room()
    listed = acme.back_end.get("/v2/operations", {"filter[room_id]": demo_room["id"]}).data
    assert [one["id"] for one in listed] == [operation_of(demo_room)]


@pytest.mark.parametrize("query", [{"filter[kind]": "dance"}, {"filter[state]": "lost"}])
def test_a_filter_that_does_not_do_is_named(acme: Company, query: dict[str, str]) -> None:
    refused = acme.back_end.get("/v2/operations", query)
    assert (refused.status, refused.error["source"]) == (400, {"parameter": next(iter(query))})


def test_a_moderator_follows_orders_about_the_own_room(acme: Company, demo_room: Json) -> None:
    other = acme.new_room({"bo": "moderator"})
    ana = acme.person("ana")
    assert ana.get(f"/v2/operations/{operation_of(demo_room)}").status == 200
    assert ana.get(f"/v2/operations/{operation_of(other)}").refusal == (404, "not_found")
    assert ana.get("/v2/operations").refusal == (403, "back_end_only")


def test_who_does_not_moderate_sees_no_orders(acme: Company, globex: Company, demo_room: Json) -> None:
    path = f"/v2/operations/{operation_of(demo_room)}"
    for asker in (acme.person("bo"), acme.person("cy"), globex.back_end, globex.person("ana")):
        assert asker.get(path).refusal == (404, "not_found")
    assert globex.back_end.get("/v2/operations").data == []


def test_a_back_end_needs_the_scope(acme: Company, demo_room: Json) -> None:
    narrow = acme.key_with("moderate")
    for path in ("/v2/operations", f"/v2/operations/{operation_of(demo_room)}"):
        assert narrow.get(path).refusal == (403, "missing_scope")


def test_orders_are_not_made_by_hand(acme: Company, demo_room: Json) -> None:
    assert acme.back_end.post("/v2/operations", {"kind": "delete_room"}).status == 405
    assert acme.back_end.delete(f"/v2/operations/{operation_of(demo_room)}").status == 405
