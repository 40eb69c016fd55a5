"""Telnyx's own Python SDK, at its strictest, on compositions: only host and key are others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telnyx import NotFoundError, Telnyx, UnprocessableEntityError

from tests.cast import Company
from tests.journeys.test_official_sdk import given, sdk_of
from tests.rooms.compositions import CuttingRoom, cutting_room, row
from tests.rooms.films import studio
from tests.rooms.orders import settle

__all__ = ["cutting_room", "studio"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sdk(acme: Company, live_server: Any) -> Iterator[Telnyx]:
    with sdk_of(acme, live_server) as client:
        yield client


def test_a_film_is_ordered_listed_viewed_and_deleted(sdk: Telnyx, cutting_room: CuttingRoom) -> None:
    session_id = cutting_room.session_id
    recording_id = str(cutting_room.studio.recorded("ana").pk)
    ordered = given(
        sdk.room_compositions.create(
            format="mp4",
            resolution="800x600",
            session_id=session_id,
            video_layout={
                "all": {"width": 800, "height": 600, "video_sources": ["*"]},
                "ana": {
                    "width": 160,
                    "height": 120,
                    "x_pos": 640,
                    "z_pos": 1,
                    "video_sources": [recording_id],
                },
            },
            webhook_event_url="https://acme.example/hook",
            webhook_timeout_secs=25,
        )
    )
    assert (ordered.status, ordered.session_id, ordered.record_type) == (
        "enqueued",
        session_id,
        "room_composition",
    )
    assert ordered.video_layout["ana"].video_sources == [recording_id]
    composition = row({"id": ordered.id})
    settle()
    composition.refresh_from_db()
    cutting_room.await_complete(composition)
    cutting_room.asks_about(composition)
    viewed = given(sdk.room_compositions.retrieve(ordered.id))
    assert (viewed.status, viewed.resolution) == ("completed", "800x600")
    assert viewed.duration_secs >= 1
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    found = sdk.room_compositions.list(filter={"session_id": session_id, "status": "completed"})
    assert [each.id for each in found] == [ordered.id]
    assert list(sdk.room_compositions.list(filter={"date_created_at": {"gte": tomorrow}})) == []
    sdk.room_compositions.delete(ordered.id)
    with pytest.raises(NotFoundError):
        sdk.room_compositions.retrieve(ordered.id)


def test_all_sources_are_read_as_the_sdk_has_them_however_they_were_given(
    sdk: Telnyx, cutting_room: CuttingRoom
) -> None:
    cutting_room.ordered(video_layout={"all": {"video_sources": "*"}})
    [found] = sdk.room_compositions.list()
    assert found.video_layout is not None
    assert found.video_layout["all"].video_sources == ["*"]


def test_a_session_that_never_was_is_pointed_at(sdk: Telnyx, cutting_room: CuttingRoom) -> None:
    with pytest.raises(UnprocessableEntityError) as refused:
        sdk.room_compositions.create(session_id="0ccc7b54-4df3-4bca-a65a-3da1ecc777b0")
    assert refused.value.body["errors"][0]["source"] == {"pointer": "/session_id"}


def test_nobody_reaches_another_tenants_compositions(
    cutting_room: CuttingRoom, globex: Company, live_server: Any
) -> None:
    composition = str(cutting_room.ordered().pk)
    with sdk_of(globex, live_server) as theirs:
        assert list(theirs.room_compositions.list()) == []
        for reach in (theirs.room_compositions.retrieve, theirs.room_compositions.delete):
            with pytest.raises(NotFoundError):
                reach(composition)
