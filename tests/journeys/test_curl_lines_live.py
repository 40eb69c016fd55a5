"""The calls on sessions and participants that Telnyx documents for curl, run with curl against a room where people
are: host, key and ids are others. Orders are answered 202 here, since they are carried out by a worker."""

from typing import Any

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.journeys.test_curl_lines import Line, run
from tests.rooms.gatherings import Gathering
from tests.rooms.orders import settle
from tests.simulated import Simulator

pytestmark = pytest.mark.django_db(transaction=True)

SESSION_FIELDS = {"active", "created_at", "ended_at", "id", "record_type", "room_id", "updated_at"}
PARTICIPANT_FIELDS = {"context", "id", "joined_at", "left_at", "record_type", "session_id", "updated_at"}
WITH_PEOPLE = SESSION_FIELDS | {"participants"}
DONE = {"result"}

LISTS = [
    Line("GET", "/room_participants", 200, PARTICIPANT_FIELDS),
    Line("GET", "/room_participants/{participant}", 200, PARTICIPANT_FIELDS),
    Line("GET", "/room_sessions?include_participants=True", 200, WITH_PEOPLE),
    Line("GET", "/room_sessions/{session}?include_participants=True", 200, WITH_PEOPLE),
    Line("GET", "/room_sessions/{session}/participants", 200, PARTICIPANT_FIELDS),
    Line("GET", "/rooms/{room}/sessions?include_participants=True", 200, WITH_PEOPLE),
]
# The document sends these without a body, and means everybody.
ORDERS = {
    action: Line("POST", f"/room_sessions/{{session}}/actions/{action}", 202, DONE)
    for action in ("mute", "unmute", "kick", "end")
}


@pytest.fixture
def gathering(acme: Company, simulator: Simulator, demo_room: Json) -> Gathering:
    return Gathering.of(acme, simulator, demo_room)


class Caller:
    """Who runs the lines, in a room with ana and bo."""

    def __init__(self, gathering: Gathering, live_server: Any) -> None:
        self.host, self.key = f"{live_server.url}/v2", gathering.company.api_key
        self.ana, self.bo = gathering.comes("ana"), gathering.comes("bo")
        gathering.hear()
        self.known = {
            "room": gathering.room["id"],
            "session": str(gathering.session.pk),
            "participant": gathering.ids(self.ana)[0],
        }

    def shown(self, line: Line) -> Json:
        """What the line answers, which must be as documented."""
        status, answer = run(line, self.host, self.key, self.known)
        assert status == line.status, (line, answer)
        data = answer["data"]
        first = data[0] if isinstance(data, list) else data
        assert line.fields <= set(first), (line, line.fields - set(first))
        return data


@pytest.fixture
def caller(gathering: Gathering, live_server: Any) -> Caller:
    return Caller(gathering, live_server)


def test_each_documented_question_is_answered_with_all_its_fields(caller: Caller) -> None:
    for line in LISTS:
        data = caller.shown(line)
        shown = data[0] if isinstance(data, list) else data
        for person in shown.get("participants", ()):
            assert set(person) >= PARTICIPANT_FIELDS, line
            assert (person["record_type"], person["session_id"]) == (
                "room_participant",
                caller.known["session"],
            )


def test_each_documented_order_without_a_body_is_for_everybody(caller: Caller, gathering: Gathering) -> None:
    everybody = (caller.ana, caller.bo)
    for action, reached in (("mute", True), ("unmute", False)):
        assert caller.shown(ORDERS[action])["result"] == "ok"
        settle()
        assert [gathering.is_muted(each) for each in everybody] == [reached] * 2
    caller.shown(ORDERS["kick"])
    settle()
    assert not any(map(gathering.is_in, everybody))


def test_ending_is_answered_as_documented_and_the_session_is_over(
    caller: Caller, gathering: Gathering
) -> None:
    caller.shown(ORDERS["end"])
    settle()
    gathering.hear()
    over = caller.shown(LISTS[3])
    assert (over["active"], over["ended_at"] is not None) == (False, True)
    assert all(person["left_at"] for person in over["participants"])
