"""Listing and viewing rooms: filters, pages, sessions when asked for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rooms.models import Operation, Room
from tests.cast import Company


def names(company: Company, **query: Any) -> list[str]:
    return [room["unique_name"] for room in company.back_end.get("/v2/rooms", query).data]


@pytest.fixture
def dated(acme: Company) -> Company:
    """Acme with three rooms: of May 1st, May 2nd just before midnight, and May 3rd."""
    days = {"first": "2026-05-01T12:00", "second": "2026-05-02T23:59:59.999999", "third": "2026-05-03T00:00"}
    for name, at in days.items():
        acme.new_room(unique_name=name)
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
        Room.objects.filter(unique_name=name).update(created_at=moment, updated_at=moment)
    return acme


def test_rooms_are_listed_newest_first(dated: Company) -> None:
    assert names(dated) == ["third", "second", "first"]


@pytest.mark.parametrize("field", ["date_created_at", "date_updated_at"])
@pytest.mark.parametrize(
    ("comparison", "found"),
    [("eq", ["second"]), ("gte", ["third", "second"]), ("lte", ["second", "first"])],
)
def test_rooms_are_found_by_day(dated: Company, field: str, comparison: str, found: list[str]) -> None:
    assert names(dated, **{f"filter[{field}][{comparison}]": "2026-05-02"}) == found


def test_filters_are_combined(dated: Company) -> None:
    between = {"filter[date_created_at][gte]": "2026-05-02", "filter[date_created_at][lte]": "2026-05-02"}
    assert names(dated, **between) == ["second"]


def test_a_room_is_found_by_its_name(dated: Company) -> None:
    assert names(dated, **{"filter[unique_name]": "first"}) == ["first"]
    assert names(dated, **{"filter[unique_name]": "fir"}) == []


@pytest.mark.parametrize(
    "query",
    [
        {"filter[date_created_at][eq]": "yesterday"},
        {"filter[date_created_at][gt]": "2026-05-02"},
        {"filter[name]": "first"},
        {"page[number]": "0"},
        {"page[number]": "one"},
        {"page[size]": "251"},
        {"include_session": "true"},
        {"include_sessions": "perhaps"},
    ],
)
def test_a_parameter_that_does_not_do_is_named(acme: Company, query: dict[str, str]) -> None:
    refused = acme.back_end.get("/v2/rooms", query)
    assert (refused.status, refused.error["source"]) == (400, {"parameter": next(iter(query))})


def test_a_page_tells_where_it_stands(dated: Company) -> None:
    listed = dated.back_end.get("/v2/rooms", {"page[number]": 2, "page[size]": 2}).body
    assert [room["unique_name"] for room in listed["data"]] == ["first"]
    assert listed["meta"] == {"page_number": 2, "page_size": 2, "total_pages": 2, "total_results": 3}


def test_a_page_past_the_last_is_empty(dated: Company) -> None:
    listed = dated.back_end.get("/v2/rooms", {"page[number]": 9})
    assert (listed.status, listed.data, listed.body["meta"]["total_results"]) == (200, [], 3)


def test_twenty_rooms_make_a_page_unless_asked_otherwise(acme: Company) -> None:
    rooms = [Room(tenant=acme.row, account=acme.row.account) for _ in range(21)]
    Room.objects.bulk_create(rooms)
    assert acme.back_end.get("/v2/rooms").body["meta"]["page_size"] == len(names(acme)) == 20
    assert len(names(acme, **{"page[size]": 250})) == 21


def test_deleted_rooms_are_not_listed(dated: Company) -> None:
    dated.back_end.delete(f"/v2/rooms/{Room.objects.get(unique_name='second').pk}")
    assert names(dated) == ["third", "first"]


@pytest.mark.parametrize("said", ["true", "True"])
@pytest.mark.parametrize("one", [True, False])
def test_sessions_are_shown_when_asked_for(acme: Company, said: str, one: bool) -> None:
    room = acme.new_room()
    path = f"/v2/rooms/{room['id']}" if one else "/v2/rooms"
    shown = acme.back_end.get(path, {"include_sessions": said}).data
    assert (shown if one else shown[0])["sessions"] == []


@pytest.mark.parametrize("query", [None, {"include_sessions": "false"}])
def test_sessions_are_absent_unless_asked_for(acme: Company, query: dict[str, str] | None) -> None:
    room = acme.new_room()
    assert "sessions" not in acme.back_end.get("/v2/rooms", query).data[0]
    assert "sessions" not in acme.back_end.get(f"/v2/rooms/{room['id']}", query).data


def test_a_room_is_viewed_as_it_was_made(acme: Company) -> None:
    room = acme.new_room(unique_name="standup", max_participants=3)
    assert acme.back_end.get(f"/v2/rooms/{room['id']}").data == room


def test_reading_asks_nothing_of_telnyx_and_orders_nothing(acme: Company, simulator: Any) -> None:
    room = acme.new_room()
    ordered = Operation.objects.count()
    acme.back_end.get("/v2/rooms")
    acme.back_end.get(f"/v2/rooms/{room['id']}")
    assert (simulator.calls(), Operation.objects.count()) == ([], ordered)


def test_the_state_goes_by_the_clock(acme: Company) -> None:
    now = datetime.now(UTC)
    room = acme.new_room(opens_at=(now + timedelta(hours=1)).isoformat())
    path = f"/v2/rooms/{room['id']}"
    assert acme.back_end.get(path).data["state"] == "scheduled"
    Room.objects.update(opens_at=now - timedelta(hours=1))
    assert acme.back_end.get(path).data["state"] == "open"
    Room.objects.update(closes_at=now)
    assert acme.back_end.get(path).data["state"] == "closed"


@pytest.mark.parametrize("path", ["/v2/rooms/0ccc7b54-4df3-4bca-a65a-3da1ecc777f0", "/v2/rooms/not-an-id"])
def test_a_room_that_never_was_is_not_found(acme: Company, path: str) -> None:
    missing = acme.back_end.get(path)
    assert (missing.status, missing.error["code"]) == (404, "10005")
