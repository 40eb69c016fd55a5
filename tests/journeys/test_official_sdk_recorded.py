"""Telnyx's own Python SDK, at its strictest, on recordings: only host and key are others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from telnyx import BadRequestError, ConflictError, NotFoundError, Telnyx, UnprocessableEntityError

from rooms.models import Recording
from tests.cast import Company
from tests.journeys.test_official_sdk import given, sdk_of
from tests.rooms.films import Studio
from tests.simulated import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sdk(acme: Company, live_server: Any) -> Iterator[Telnyx]:
    with sdk_of(acme, live_server) as client:
        yield client


@pytest.fixture
def films(acme: Company, simulator: Simulator) -> list[Recording]:
    """A long one of bo's face, and a short one of ana's voice."""
    studio = Studio.of(acme, simulator)
    return [studio.recorded("bo", duration_secs=600), studio.recorded("ana", "audio", duration_secs=9)]


def test_recordings_are_listed_viewed_and_filtered(sdk: Telnyx, films: list[Recording]) -> None:
    long, short = films
    recordings = sdk.room_recordings
    assert {each.id for each in recordings.list(page_size=1)} == {str(long.pk), str(short.pk)}
    viewed = given(recordings.retrieve(str(long.pk)))
    assert (viewed.type, viewed.status, viewed.duration_secs) == ("video", "completed", 600)
    assert (viewed.participant_id, viewed.session_id) == (str(long.participant_id), str(long.session_id))
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    asked: list[tuple[Any, list[Recording]]] = [
        ({"type": "audio"}, [short]),
        ({"status": "processing"}, []),
        ({"duration_secs": 10}, [long]),
        ({"participant_id": str(short.participant_id)}, [short]),
        ({"session_id": str(long.session_id), "room_id": str(long.room_id), "type": "video"}, [long]),
        ({"date_started_at": {"gte": tomorrow}}, []),
    ]
    for wanted, expected in asked:
        assert [each.id for each in recordings.list(filter=wanted)] == [str(film.pk) for film in expected]


def test_the_download_url_of_an_answer_leads_to_the_file(
    sdk: Telnyx, films: list[Recording], acme: Company
) -> None:
    viewed = given(sdk.room_recordings.retrieve(str(films[0].pk)))
    with requests.Session() as session:
        session.trust_env = False
        login = {"Authorization": f"Bearer {acme.api_key}"}
        file = session.get(viewed.download_url, headers=login, timeout=10)
    assert (file.status_code, file.headers["Content-Type"]) == (200, "video/webm")
    assert file.history[0].status_code == 302


def test_nobody_reaches_another_tenants_recordings(
    films: list[Recording], globex: Company, live_server: Any
) -> None:
    with sdk_of(globex, live_server) as theirs:
        assert list(theirs.room_recordings.list()) == []
        with pytest.raises(NotFoundError):
            theirs.room_recordings.retrieve(str(films[0].pk))


def test_a_recording_is_deleted(sdk: Telnyx, films: list[Recording]) -> None:
    sdk.room_recordings.delete(str(films[0].pk))
    assert [each.id for each in sdk.room_recordings.list()] == [str(films[1].pk)]
    with pytest.raises(NotFoundError):
        sdk.room_recordings.delete(str(films[0].pk))


def test_several_are_deleted_by_a_filter(sdk: Telnyx, films: list[Recording]) -> None:
    long, short = films
    deleted = sdk.room_recordings.delete_bulk(filter={"type": "audio", "room_id": str(short.room_id)})
    assert given(deleted).room_recordings == 1
    assert [each.id for each in sdk.room_recordings.list()] == [str(long.pk)]


def test_a_filter_that_got_lost_deletes_nothing(sdk: Telnyx, films: list[Recording]) -> None:
    with pytest.raises(UnprocessableEntityError) as refused:
        sdk.room_recordings.delete_bulk()
    assert "no_filter" in str(refused.value)
    with pytest.raises(BadRequestError):
        sdk.room_recordings.delete_bulk(page_size=1)
    assert len(list(sdk.room_recordings.list())) == 2


def test_what_is_held_is_told_from_what_is_not_there(
    sdk: Telnyx, films: list[Recording], acme: Company
) -> None:
    acme.back_end.post("/v2/holds", {"recording_id": str(films[0].pk), "reason": "case 7"})
    with pytest.raises(ConflictError):
        sdk.room_recordings.delete(str(films[0].pk))
    deleted = sdk.room_recordings.delete_bulk(filter={"room_id": str(films[0].room_id)})
    assert given(deleted).room_recordings == 1
