"""Sessions as they are shown: to whom, with which fields, filtered and paged."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from rooms.models import Session
from tests.asking import Asker, Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.scenes import remembered

FIELDS = {
    "id", "record_type", "room_id", "active", "created_at", "updated_at", "ended_at", "ended_reason",
}  # fmt: skip


@pytest.fixture
@remembered
def meeting(gathering: Gathering) -> Gathering:
    """Ana and bo are in; before them there was a session that is over."""
    gathering.leaves(gathering.comes("bo"))
    gathering.comes("ana")
    gathering.comes("bo")
    gathering.hear()
    return gathering


def sessions(asker: Asker, **query: str) -> list[Json]:
    answer = asker.get("/v2/room_sessions", query or None)
    assert answer.status == 200, answer
    found: list[Json] = answer.data
    return found


def test_a_session_is_shown_with_all_its_fields(meeting: Gathering, acme: Company) -> None:
    [live] = sessions(acme.back_end, **{"filter[active]": "true"})
    assert set(live) == FIELDS
    assert (live["record_type"], live["room_id"]) == ("room_session", meeting.room["id"])
    assert (live["active"], live["ended_at"], live["ended_reason"]) == (True, None, "")
    assert datetime.now(UTC) - datetime.fromisoformat(live["created_at"]) < timedelta(minutes=2)
    assert acme.back_end.get(f"/v2/room_sessions/{live['id']}").data == live


def test_telnyxs_own_ids_are_not_shown(meeting: Gathering, acme: Company) -> None:
    shown = acme.back_end.get("/v2/room_sessions", {"include_participants": "true"}).raw.decode()
    for session in Session.objects.all():
        assert str(session.telnyx_id) not in shown
    assert str(meeting.row.telnyx_id) not in shown


@pytest.mark.parametrize("asked", ["true", "True"])
def test_participants_are_shown_where_they_are_asked_for(
    meeting: Gathering, acme: Company, asked: str
) -> None:
    query = {"filter[active]": "true"}
    [without] = sessions(acme.back_end, **query)
    [including] = sessions(acme.back_end, include_participants=asked, **query)
    assert "participants" not in without
    assert [each["identity"] for each in including["participants"]] == ["ana", "bo"]
    assert acme.back_end.get("/v2/room_sessions", {"include_participants": "maybe"}).status in (400, 422)


class TestWhoSeesThem:
    def test_moderators_and_back_ends_do_and_members_do_not(self, meeting: Gathering, acme: Company) -> None:
        assert len(sessions(acme.back_end)) == len(sessions(acme.person("ana"))) == 2
        assert sessions(acme.person("bo")) == sessions(acme.person("cy")) == []
        path = f"/v2/rooms/{meeting.room['id']}/sessions"
        told = {who: acme.person(who).get(path).status for who in ("ana", "bo", "cy")}
        assert told == {"ana": 200, "bo": 403, "cy": 403}

    def test_neighbours_do_not(self, meeting: Gathering, globex: Company) -> None:
        never_was = globex.back_end.get(f"/v2/room_sessions/{uuid.uuid4()}")
        for session in Session.objects.all():
            theirs = globex.back_end.get(f"/v2/room_sessions/{session.pk}")
            assert (theirs.status, theirs.reason) == (404, never_was.reason)
        assert sessions(globex.back_end) == []
        assert globex.back_end.get(f"/v2/rooms/{meeting.room['id']}/sessions").status == 404

    def test_those_of_a_room_that_was_deleted_are_gone(self, meeting: Gathering, acme: Company) -> None:
        acme.back_end.delete(f"/v2/rooms/{meeting.room['id']}")
        assert sessions(acme.back_end) == []


class TestFilters:
    @pytest.mark.parametrize(("active", "found"), [("true", [True]), ("false", [False])])
    def test_by_whether_they_go_on(
        self, meeting: Gathering, acme: Company, active: str, found: list[bool]
    ) -> None:
        assert [each["active"] for each in sessions(acme.back_end, **{"filter[active]": active})] == found

    def test_by_room(self, meeting: Gathering, acme: Company) -> None:
        other = acme.new_room()
        assert len(sessions(acme.back_end, **{"filter[room_id]": meeting.room["id"]})) == 2
        assert sessions(acme.back_end, **{"filter[room_id]": other["id"]}) == []

    @pytest.mark.parametrize("name", ["date_created_at", "date_updated_at", "date_ended_at"])
    def test_by_day(self, meeting: Gathering, acme: Company, name: str) -> None:
        today = datetime.now(UTC).date()
        tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)
        all_of_it = 1 if name == "date_ended_at" else 2
        for query, found in (
            ({f"filter[{name}][gte]": f"{yesterday}", f"filter[{name}][lte]": f"{tomorrow}"}, all_of_it),
            ({f"filter[{name}][gte]": f"{tomorrow}"}, 0),
            ({f"filter[{name}][lte]": f"{yesterday}"}, 0),
        ):
            assert len(sessions(acme.back_end, **query)) == found, query

    def test_pages_have_telnyxs_shape(self, meeting: Gathering, acme: Company) -> None:
        pages = [
            acme.back_end.get("/v2/room_sessions", {"page[size]": "1", "page[number]": str(number)}).body
            for number in (1, 2)
        ]
        assert pages[0]["meta"] == {"page_number": 1, "page_size": 1, "total_pages": 2, "total_results": 2}
        assert len({page["data"][0]["id"] for page in pages}) == 2


def test_a_room_shows_its_sessions_and_the_one_that_goes_on(meeting: Gathering, acme: Company) -> None:
    room = acme.back_end.get(f"/v2/rooms/{meeting.room['id']}", {"include_sessions": "true"}).data
    [live] = sessions(acme.back_end, **{"filter[active]": "true"})
    assert room["active_session_id"] == live["id"]
    assert {each["id"] for each in room["sessions"]} == {each["id"] for each in sessions(acme.back_end)}
