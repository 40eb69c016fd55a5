"""Films whose deletion has begun, and what may go wrong at Telnyx when it is carried out."""

from typing import Any

import pytest

from rooms import deleting
from rooms.models import Composition, Deletion, Footage, Recording
from tests.rooms.ageing import (
    carry_out_once,
    days_pass,
    deleted_at_telnyx,
    receipt,
)
from tests.rooms.films import Studio
from tests.scenes import remembered

LOOK, DELETE = "view_room_recording", "delete_room_recording"
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 503, "where": "after"},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 409},
    {"kind": "rate_limit", "reset": "7"},
    {"kind": "reset"},
    {"kind": "close"},
    {"kind": "timeout", "secs": 2},
    {"kind": "malformed", "body": "<html>"},
    {"kind": "empty"},
    {"kind": "truncate"},
    {"kind": "truncate_json"},
    {"kind": "redirect", "location": "/v2/rooms"},
    {"kind": "lost_answer", "how": "reset"},
    {"kind": "lost_answer", "how": "status", "status": 502},
    {"kind": "lost_answer", "how": "truncate"},
]
PATIENCE_SECS = 5


def named(fault: dict[str, Any]) -> str:
    return " ".join(str(value) for value in fault.values())


@pytest.fixture
@remembered
def film(studio: Studio) -> Recording:
    """A recording of bo whose retention is over."""
    film = studio.recorded("bo")
    days_pass(31, film)
    film.refresh_from_db()
    return film


def begun(footage: Recording | Composition, cause: str = "retention", **more: Any) -> Deletion:
    deletion = deleting.begin(footage, cause=Deletion.Cause(cause), ordered_by="system:videobroker", **more)
    assert deletion is not None
    return deletion


def state(footage: Recording | Composition) -> str:
    footage.refresh_from_db()
    return footage.state


def composed(studio: Studio, **more: Any) -> Composition:
    """A composition of the studio's session, at Telnyx and here."""
    session = studio.gathering.session
    key = studio.gathering.company.telnyx_key
    made = studio.simulator.api(
        "POST", "/room_compositions", key=key, json={"session_id": str(session.telnyx_id)}
    ).json()["data"]
    values = {"telnyx_id": made["id"], "status": "processing", "ordered_by": "identity:ana"} | more
    return Composition.objects.create(
        tenant_id=session.tenant_id, room_id=session.room_id, session=session, **values
    )


def delete_under(
    studio: Studio, film: Recording, operation: str, fault: dict[str, Any], settings: Any
) -> None:
    """Delete the film while the fault strikes this operation, once."""
    more = dict(fault)
    studio.simulator.fault(more.pop("kind"), operation, times=1, **more)
    begun(film)
    settings.TELNYX_TASK_TIMEOUT_SECS = 0.3 if fault["kind"] == "timeout" else PATIENCE_SECS
    carry_out_once()
    settings.TELNYX_TASK_TIMEOUT_SECS = PATIENCE_SECS
    for _ in range(3):
        carry_out_once()
    assert deleted_at_telnyx(studio.simulator) == [str(film.telnyx_id)]
    assert receipt(film).answer in ("204 to DELETE", "404 to GET")
    assert Deletion.objects.count() == 1
    assert state(film) == Footage.State.DELETED
