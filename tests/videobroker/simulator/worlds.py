"""A small world to look at, and the fields Telnyx documents for what is in it."""

from dataclasses import dataclass
from typing import Any

from tests.simulated import Simulator, wait_until

TIMES = {"created_at", "updated_at"}
WEBHOOK = {"webhook_event_url", "webhook_event_failover_url", "webhook_timeout_secs"}
ROOM = (
    TIMES
    | WEBHOOK
    | {
        "active_session_id",
        "enable_recording",
        "id",
        "max_participants",
        "record_type",
        "unique_name",
    }
)
SESSION = TIMES | {"active", "ended_at", "id", "record_type", "room_id"}
PARTICIPANT = {"context", "id", "joined_at", "left_at", "record_type", "session_id", "updated_at"}
FILE = TIMES | {
    "completed_at",
    "download_url",
    "duration_secs",
    "ended_at",
    "id",
    "record_type",
    "room_id",
    "session_id",
    "size_mb",
    "started_at",
    "status",
}
RECORDING = FILE | {"codec", "participant_id", "type"}
COMPOSITION = FILE | WEBHOOK | {"format", "resolution", "user_id", "video_layout"}
MINTED = {"token", "token_expires_at", "refresh_token", "refresh_token_expires_at"}
REFRESHED = {"token", "token_expires_at"}
META = {"page_number", "page_size", "total_pages", "total_results"}


@dataclass
class World:
    """A room of acme in which ana and bo are, each with what belongs to it."""

    simulator: Simulator
    room: dict[str, Any]
    session_id: str
    ana: str
    bo: str
    recording_id: str
    composition_id: str

    @property
    def room_id(self) -> str:
        """The room's id."""
        return str(self.room["id"])


def make_world(simulator: Simulator, key: str | None = None, **room_fields: Any) -> World:
    """Ana and bo are in a room, ana has been recorded, and the session has been composed."""
    simulator.settings(composition_secs=0)
    room = simulator.create_room(key=key, enable_recording=True, **room_fields)
    token = simulator.mint(room["id"], key=key)["token"]
    ana = simulator.join(token, "ana")
    bo = simulator.join(token, "bo")
    recording = simulator.start_recording(ana["participant_id"], "audio")
    simulator.complete_recording(recording["id"], duration_secs=84, size_mb=0.5)
    ordered = simulator.api("POST", "/room_compositions", key=key, json={"session_id": ana["session_id"]})
    composition_id = ordered.json()["data"]["id"]
    wait_until(lambda: composition(simulator, composition_id, key)["status"] == "completed")
    return World(
        simulator,
        room,
        ana["session_id"],
        ana["participant_id"],
        bo["participant_id"],
        recording["id"],
        composition_id,
    )


def composition(simulator: Simulator, composition_id: str, key: str | None = None) -> dict[str, Any]:
    """A composition as Telnyx's API shows it now."""
    return dict(simulator.api("GET", f"/room_compositions/{composition_id}", key=key).json()["data"])
