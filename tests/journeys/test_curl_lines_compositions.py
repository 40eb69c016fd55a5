"""The calls on compositions that Telnyx documents for curl, run with curl: host, key and ids are others."""

from typing import Any

import pytest

from tests.journeys.test_curl_lines import Line, run
from tests.rooms.compositions import CuttingRoom, cutting_room, row
from tests.rooms.films import studio
from tests.rooms.orders import settle

__all__ = ["cutting_room", "studio"]
pytestmark = pytest.mark.django_db(transaction=True)

FIELDS = {
    "completed_at", "created_at", "download_url", "duration_secs", "ended_at", "format", "id", "record_type",
    "resolution", "room_id", "session_id", "size_mb", "started_at", "status", "updated_at", "user_id", "video_layout",
    "webhook_event_failover_url", "webhook_event_url", "webhook_timeout_secs",
}  # fmt: skip
CREATE = Line(
    "POST",
    "/room_compositions",
    202,
    FIELDS,
    {
        "format": "mp4",
        "resolution": "800x600",
        "session_id": "{session}",
        "webhook_event_url": "https://example.com",
        "webhook_event_failover_url": "https://failover.example.com",
        "webhook_timeout_secs": 25,
    },
)
LIST = Line("GET", "/room_compositions", 200, FIELDS)
VIEW = Line("GET", "/room_compositions/{composition}", 200, FIELDS)
DELETE = Line("DELETE", "/room_compositions/{composition}", 204, set())


def test_each_documented_line_answers_with_its_status_and_all_its_fields(
    cutting_room: CuttingRoom, live_server: Any
) -> None:
    key = cutting_room.studio.gathering.company.api_key
    known = {"session": cutting_room.session_id}

    def answered(line: Line) -> Any:
        status, answer = run(line, f"{live_server.url}/v2", key, known)
        assert status == line.status, (line, answer)
        shown = {} if answer is None else answer["data"]
        shown = shown[0] if isinstance(shown, list) else shown
        assert line.fields <= set(shown), (line, line.fields - set(shown))
        return shown

    ordered = answered(CREATE)
    known["composition"] = ordered["id"]
    assert {name: ordered[name] for name in CREATE.body if name != "session_id"} == {
        name: value for name, value in CREATE.body.items() if name != "session_id"
    }
    settle()
    cutting_room.await_complete(row(ordered))
    cutting_room.asks_about(row(ordered))
    assert answered(LIST)["id"] == ordered["id"]
    assert answered(VIEW)["status"] == "completed"
    answered(DELETE)
    assert run(VIEW, f"{live_server.url}/v2", key, known)[0] == 404
