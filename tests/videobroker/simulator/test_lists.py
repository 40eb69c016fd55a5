"""Filters and pages of Telnyx's lists."""

import pytest

from tests.simulated import Json, Simulator
from tests.videobroker.simulator.worlds import World

ROOM = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
OLD, NEW = "1ccc7b54-4df3-4bca-a65a-3da1ecc777f0", "2ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
ANA, BO = "3ccc7b54-4df3-4bca-a65a-3da1ecc777f0", "4ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
SHORT, LONG = "5ccc7b54-4df3-4bca-a65a-3da1ecc777f0", "6ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
DONE, WAITING = "7ccc7b54-4df3-4bca-a65a-3da1ecc777f0", "8ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
MONDAY, TUESDAY = "2021-04-26T23:59:59.999999Z", "2021-04-27T00:00:00Z"


@pytest.fixture
def past(simulator: Simulator) -> Simulator:
    """A room with a session of Monday and one of Tuesday that goes on."""
    monday = {"created_at": MONDAY, "updated_at": MONDAY}
    tuesday = {"created_at": TUESDAY, "updated_at": TUESDAY}
    recording = {"room_id": ROOM, "session_id": OLD, "participant_id": ANA}
    simulator.settings(composition_secs=3600)
    simulator.put_state(
        rooms=[{"id": ROOM, "unique_name": "standup", **monday, "updated_at": TUESDAY}],
        sessions=[
            {"id": OLD, "room_id": ROOM, "ended_at": MONDAY, **monday},
            {"id": NEW, "room_id": ROOM, **tuesday},
        ],
        participants=[
            {"id": ANA, "session_id": OLD, "context": "ana", "joined_at": MONDAY, "left_at": MONDAY},
            {"id": BO, "session_id": NEW, "context": "bo", "joined_at": TUESDAY},
        ],
        recordings=[
            {"id": SHORT, **recording, "type": "audio", "duration_secs": 10, **monday, "started_at": MONDAY},
            {
                "id": LONG,
                **recording,
                "type": "video",
                "duration_secs": 100,
                **tuesday,
                "status": "processing",
            },
        ],
        compositions=[
            {"id": DONE, "session_id": OLD, **monday},
            {"id": WAITING, "session_id": NEW, "status": "enqueued", **tuesday},
        ],
    )
    return simulator


FILTERS = [
    ("/rooms", "filter[unique_name]=standup", [ROOM]),
    ("/rooms", "filter[unique_name]=Standup", []),
    ("/rooms", "filter[date_created_at][eq]=2021-04-26", [ROOM]),
    ("/rooms", "filter[date_created_at][gte]=2021-04-27", []),
    ("/rooms", "filter[date_updated_at][gte]=2021-04-27", [ROOM]),
    ("/room_sessions", "", [NEW, OLD]),
    ("/room_sessions", "filter[active]=true", [NEW]),
    ("/room_sessions", "filter[active]=False", [OLD]),
    ("/room_sessions", f"filter[room_id]={ROOM}", [NEW, OLD]),
    ("/room_sessions", f"filter[room_id]={ROOM.upper()}", [NEW, OLD]),
    ("/room_sessions", f"filter[room_id]={OLD}", []),
    ("/room_sessions", "filter[date_created_at][lte]=2021-04-26", [OLD]),
    ("/room_sessions", "filter[date_ended_at][eq]=2021-04-26", [OLD]),
    ("/room_sessions", "filter[date_updated_at][gte]=2021-04-27", [NEW]),
    (f"/rooms/{ROOM}/sessions", "filter[active]=true", [NEW]),
    ("/room_participants", "filter[context]=ana", [ANA]),
    ("/room_participants", f"filter[session_id]={NEW}", [BO]),
    ("/room_participants", "filter[date_joined_at][eq]=2021-04-27", [BO]),
    ("/room_participants", "filter[date_left_at][eq]=2021-04-26", [ANA]),
    (f"/room_sessions/{OLD}/participants", "filter[context]=bo", []),
    (f"/room_sessions/{OLD}/participants", "filter[context]=ana", [ANA]),
    ("/room_recordings", f"filter[room_id]={ROOM}", [LONG, SHORT]),
    ("/room_recordings", f"filter[session_id]={NEW}", []),
    ("/room_recordings", f"filter[participant_id]={ANA}", [LONG, SHORT]),
    ("/room_recordings", "filter[status]=processing", [LONG]),
    ("/room_recordings", "filter[type]=audio", [SHORT]),
    ("/room_recordings", "filter[duration_secs]=11", [LONG]),
    ("/room_recordings", "filter[duration_secs]=10", [LONG, SHORT]),
    ("/room_recordings", "filter[date_started_at][eq]=2021-04-26", [SHORT]),
    ("/room_recordings", "filter[type]=audio&filter[duration_secs]=11", []),
    ("/room_compositions", "filter[status]=completed", [DONE]),
    ("/room_compositions", "filter[status]=enqueued", [WAITING]),
    ("/room_compositions", f"filter[session_id]={OLD}", [DONE]),
    ("/room_compositions", "filter[date_created_at][gte]=2021-04-27", [WAITING]),
]


@pytest.mark.parametrize(("path", "query", "found"), FILTERS)
def test_a_filter_narrows_the_list(past: Simulator, path: str, query: str, found: list[str]) -> None:
    answer = past.api("GET", f"{path}?{query}").json()

    assert [shown["id"] for shown in answer["data"]] == found
    assert answer["meta"]["total_results"] == len(found)


@pytest.mark.parametrize(
    "query",
    [
        "filter[colour]=red",
        "filter=red",
        "filter[date_created_at]=2021-04-26",
        "filter[date_created_at][gt]=2021-04-26",
        "filter[date_created_at][eq]=yesterday",
        "filter[active]=1",
        "filter[active][eq]=true",
        "filter[room_id]=standup",
    ],
)
def test_a_filter_without_meaning_is_refused(simulator: Simulator, query: str) -> None:
    answer = simulator.api("GET", f"/room_sessions?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "10031"
    assert answer.json()["errors"][0]["source"] == {"parameter": query.partition("=")[0]}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("page[size]=0", "10033"),
        ("page[size]=251", "10033"),
        ("page[number]=0", "10033"),
        ("page[size]=ten", "10015"),
        ("page[number]=-1", "10015"),
        ("page[number]=99999999999999999999", "10015"),
        ("include_participants=yes", "10015"),
    ],
)
def test_a_page_beyond_its_limits_is_refused(simulator: Simulator, query: str, code: str) -> None:
    answer = simulator.api("GET", f"/room_sessions?{query}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
    assert answer.json()["errors"][0]["source"] == {"parameter": query.partition("=")[0]}


def _page(simulator: Simulator, query: str) -> Json:
    answer: Json = simulator.api("GET", f"/rooms?{query}").json()
    return answer


def test_pages_follow_each_other_newest_first(simulator: Simulator) -> None:
    made = [simulator.create_room()["id"] for _ in range(5)]

    pages = [_page(simulator, f"page[number]={number}&page[size]=2") for number in (1, 2, 3, 4)]

    assert [room["id"] for page in pages for room in page["data"]] == made[::-1]
    assert pages[1]["meta"] == {"page_number": 2, "page_size": 2, "total_pages": 3, "total_results": 5}
    assert pages[3]["data"] == []


def test_a_page_has_twenty_objects_unless_told_otherwise(simulator: Simulator) -> None:
    simulator.put_state(rooms=[{} for _ in range(251)])

    assert len(_page(simulator, "")["data"]) == 20
    assert len(_page(simulator, "page[size]=250")["data"]) == 250


def test_an_empty_list_has_no_pages(simulator: Simulator) -> None:
    assert _page(simulator, "")["meta"]["total_pages"] == 0


def test_recordings_that_outlive_their_room_are_still_listed(world: World) -> None:
    world.simulator.api("DELETE", f"/rooms/{world.room_id}").raise_for_status()

    listed = world.simulator.api("GET", f"/room_recordings?filter[room_id]={world.room_id}").json()["data"]

    assert [recording["id"] for recording in listed] == [world.recording_id]
