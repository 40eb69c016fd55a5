"""The calls on recordings that Telnyx documents for curl, run with curl: host, key and ids are others."""

from typing import Any

import pytest

from rooms.models import Recording
from tests.asking import Json
from tests.cast import Company
from tests.journeys.test_curl_lines import Line, run
from tests.rooms.films import Studio
from tests.simulated import Simulator

pytestmark = pytest.mark.django_db(transaction=True)

RECORDING_FIELDS = {
    "codec", "completed_at", "created_at", "download_url", "duration_secs", "ended_at", "id", "participant_id",
    "record_type", "room_id", "session_id", "size_mb", "started_at", "status", "type", "updated_at",
}  # fmt: skip
QUESTIONS = [
    Line("GET", "/room_recordings", 200, RECORDING_FIELDS),
    Line("GET", "/room_recordings/{recording}", 200, RECORDING_FIELDS),
]


@pytest.mark.parametrize("line", QUESTIONS, ids=str)
def test_each_documented_question_is_answered_with_all_its_fields(
    acme: Company, simulator: Simulator, live_server: Any, line: Line
) -> None:
    studio = Studio.of(acme, simulator)
    film = studio.recorded("bo")
    studio.gathering.asks()
    status, answer = run(line, f"{live_server.url}/v2", acme.api_key, {"recording": str(film.pk)})
    assert status == line.status, answer
    data: Json = answer["data"]
    shown = data[0] if isinstance(data, list) else data
    assert set(shown) >= line.fields
    assert (shown["record_type"], shown["id"]) == ("room_recording", str(film.pk))
    assert all(shown[name] is not None for name in line.fields)


def test_the_documented_line_deletes_a_recording(
    acme: Company, simulator: Simulator, live_server: Any
) -> None:
    film = Studio.of(acme, simulator).recorded("bo")
    line = Line("DELETE", "/room_recordings/{recording}", 204, set())
    statuses = [
        run(line, f"{live_server.url}/v2", acme.api_key, {"recording": str(film.pk)})[0] for _ in range(2)
    ]
    assert statuses == [204, 404]


def test_the_documented_line_deletes_several_with_a_filter_and_none_without(
    acme: Company, simulator: Simulator, live_server: Any
) -> None:
    studio = Studio.of(acme, simulator)
    voice, face = studio.recorded("bo", "audio"), studio.recorded("bo")
    without = Line("DELETE", "/room_recordings", 422, set())
    status, answer = run(without, f"{live_server.url}/v2", acme.api_key, {})
    assert (status, answer["errors"][0]["meta"]["reason"]) == (422, "no_filter")
    with_one = Line("DELETE", "/room_recordings?filter%5Btype%5D=audio", 201, {"room_recordings"})
    status, answer = run(with_one, f"{live_server.url}/v2", acme.api_key, {})
    assert (status, answer["data"]["room_recordings"]) == (201, 1)
    states = {voice.pk: "deleting", face.pk: "kept"}
    assert dict(Recording.objects.values_list("pk", "state")) == states
