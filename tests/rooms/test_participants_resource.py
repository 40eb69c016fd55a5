"""Participants as they are shown: who is in, who was, and who that is; to whom, filtered and paged."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from rooms.models import Participant
from tests.asking import Asker, Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.scenes import remembered

DOCUMENTED = {"id", "record_type", "session_id", "context", "joined_at", "left_at", "updated_at"}
OURS = {"room_id", "identity", "display_name", "role", "grant_id", "attribution", "left_reason"}


@pytest.fixture
@remembered
def meeting(gathering: Gathering) -> Gathering:
    """Ana is in, bo was, and so is somebody without a name."""
    gathering.comes("ana")
    gathering.leaves(gathering.comes("bo"))
    gathering.comes("bo", context=None)
    gathering.hear()
    return gathering


def people(asker: Asker, **query: str) -> list[Json]:
    answer = asker.get("/v2/room_participants", query or None)
    assert answer.status == 200, answer
    found: list[Json] = answer.data
    return found


def test_everybody_is_shown_with_all_fields_present_or_past(meeting: Gathering, acme: Company) -> None:
    shown = people(acme.back_end)
    assert all(set(each) == DOCUMENTED | OURS for each in shown)
    assert sorted(
        (each["identity"] or "", each["attribution"], each["left_at"] is None) for each in shown
    ) == [
        ("", "missing", True),
        ("ana", "attributed", True),
        ("bo", "attributed", False),
    ]
    for each in shown:
        assert acme.back_end.get(f"/v2/room_participants/{each['id']}").data == each


def test_beside_who_they_are_stands_how_they_came(meeting: Gathering, acme: Company) -> None:
    [ana] = people(acme.back_end, **{"filter[identity]": "ana"})
    assert (ana["display_name"], ana["role"], ana["room_id"]) == ("Ana", "moderator", meeting.room["id"])
    assert acme.back_end.get(f"/v2/grants/{ana['grant_id']}").data["identity"] == "ana"
    [bo] = people(acme.back_end, **{"filter[identity]": "bo"})
    assert bo["left_reason"] == "left"


def test_telnyxs_own_ids_are_not_shown(meeting: Gathering, acme: Company) -> None:
    shown = acme.back_end.get("/v2/room_participants").raw.decode()
    assert not any(str(person.telnyx_id) in shown for person in Participant.objects.all())


def test_when_the_session_ends_everybody_has_left(meeting: Gathering, acme: Company) -> None:
    meeting.done(meeting.acts(acme.back_end, "end"))
    ending = [event for event in meeting.told() if event["event_type"].endswith("session.ended")]
    meeting.post.deliver(ending)
    assert all(each["left_at"] for each in people(acme.back_end))


class TestWhoSeesThem:
    def test_moderators_and_back_ends_do_and_members_do_not(self, meeting: Gathering, acme: Company) -> None:
        assert len(people(acme.back_end)) == len(people(acme.person("ana"))) == 3
        assert people(acme.person("bo")) == people(acme.person("cy")) == []
        path = f"/v2/room_sessions/{meeting.session.pk}/participants"
        told = {who: acme.person(who).get(path).status for who in ("ana", "bo", "cy")}
        assert told == {"ana": 200, "bo": 404, "cy": 404}

    def test_neighbours_do_not(self, meeting: Gathering, globex: Company) -> None:
        assert people(globex.back_end) == []
        for person in [*Participant.objects.values_list("pk", flat=True), uuid.uuid4()]:
            assert globex.back_end.get(f"/v2/room_participants/{person}").refusal == (404, "not_found")
        assert globex.back_end.get(f"/v2/room_sessions/{meeting.session.pk}/participants").status == 404


class TestFilters:
    def test_by_context_and_session(self, meeting: Gathering, acme: Company) -> None:
        [ana] = people(acme.back_end, **{"filter[identity]": "ana"})
        assert people(acme.back_end, **{"filter[context]": ana["context"]}) == [ana]
        assert len(people(acme.back_end, **{"filter[session_id]": ana["session_id"]})) == 3
        assert people(acme.back_end, **{"filter[session_id]": str(uuid.uuid4())}) == []
        assert len(people(acme.back_end, **{"filter[room_id]": meeting.room["id"]})) == 3

    @pytest.mark.parametrize(
        ("name", "all_of_it"), [("date_joined_at", 3), ("date_updated_at", 3), ("date_left_at", 1)]
    )
    def test_by_day(self, meeting: Gathering, acme: Company, name: str, all_of_it: int) -> None:
        today = datetime.now(UTC).date()
        tomorrow, yesterday = today + timedelta(days=1), today - timedelta(days=1)
        for query, found in (
            ({f"filter[{name}][gte]": f"{yesterday}", f"filter[{name}][lte]": f"{tomorrow}"}, all_of_it),
            ({f"filter[{name}][gte]": f"{tomorrow}"}, 0),
            ({f"filter[{name}][lte]": f"{yesterday}"}, 0),
        ):
            assert len(people(acme.back_end, **query)) == found, query

    def test_pages_have_telnyxs_shape(self, meeting: Gathering, acme: Company) -> None:
        path = f"/v2/room_sessions/{meeting.session.pk}/participants"
        page = acme.back_end.get(path, {"page[size]": "2", "page[number]": "2"}).body
        assert page["meta"] == {"page_number": 2, "page_size": 2, "total_pages": 2, "total_results": 3}
        assert len(page["data"]) == 1
