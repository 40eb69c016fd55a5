"""All operations as a table: how each is called, what must go over the wire, and what comes back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.videobroker.telnyx import samples as s
from videobroker.secret import Secret
from videobroker.telnyx import DateFilter, Telnyx, VideoRegion

DAY = date(2026, 4, 16)
NEXT_DAY = date(2026, 4, 17)


@dataclass(frozen=True)
class Operation:
    name: str
    call: Callable[[Telnyx], object]
    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int
    said: Any

    @property
    def is_write(self) -> bool:
        return self.method != "GET"


def _days(field: str, **days: date) -> dict[str, str]:
    return {f"filter[{field}][{how}]": day.isoformat() for how, day in days.items()}


def _paged(**query: str) -> dict[str, str]:
    return {"page[number]": "1", "page[size]": "20"} | query


OPERATIONS = [
    Operation(
        "create_room",
        lambda t: t.create_room(
            unique_name="vb-lecture",
            max_participants=10,
            enable_recording=True,
            webhook_event_url="https://acme.example/hooks",
            webhook_event_failover_url=None,
            webhook_timeout_secs=None,
        ),
        "POST",
        "/v2/rooms",
        {},
        {
            "unique_name": "vb-lecture",
            "max_participants": 10,
            "enable_recording": True,
            "webhook_event_url": "https://acme.example/hooks",
            "webhook_event_failover_url": None,
            "webhook_timeout_secs": None,
        },
        201,
        {"data": s.ROOM},
    ),
    Operation(
        "list_rooms",
        lambda t: t.list_rooms(
            unique_name="vb lecture&more",
            date_created_at=DateFilter(gte=DAY, lte=NEXT_DAY),
            date_updated_at=DateFilter(eq=DAY),
            include_sessions=True,
        ),
        "GET",
        "/v2/rooms",
        _paged(include_sessions="true")
        | {"filter[unique_name]": "vb lecture&more"}
        | _days("date_created_at", gte=DAY, lte=NEXT_DAY)
        | _days("date_updated_at", eq=DAY),
        None,
        200,
        s.page(s.ROOM),
    ),
    Operation(
        "view_room",
        lambda t: t.view_room(s.ROOM_ID, include_sessions=True),
        "GET",
        f"/v2/rooms/{s.ROOM_ID}",
        {"include_sessions": "true"},
        None,
        200,
        {"data": s.ROOM},
    ),
    Operation(
        "update_room",
        lambda t: t.update_room(s.ROOM_ID, webhook_timeout_secs=None, max_participants=5),
        "PATCH",
        f"/v2/rooms/{s.ROOM_ID}",
        {},
        {"webhook_timeout_secs": None, "max_participants": 5},
        200,
        {"data": s.ROOM},
    ),
    Operation(
        "delete_room",
        lambda t: t.delete_room(s.ROOM_ID),
        "DELETE",
        f"/v2/rooms/{s.ROOM_ID}",
        {},
        None,
        204,
        None,
    ),
    Operation(
        "list_room_sessions",
        lambda t: t.list_room_sessions(
            s.ROOM_ID,
            active=False,
            date_created_at=DateFilter(eq=DAY),
            date_updated_at=DateFilter(gte=DAY),
            date_ended_at=DateFilter(lte=DAY),
            include_participants=True,
        ),
        "GET",
        f"/v2/rooms/{s.ROOM_ID}/sessions",
        _paged(include_participants="true")
        | {"filter[active]": "false"}
        | _days("date_created_at", eq=DAY)
        | _days("date_updated_at", gte=DAY)
        | _days("date_ended_at", lte=DAY),
        None,
        200,
        s.page(s.SESSION),
    ),
    Operation(
        "generate_join_client_token",
        lambda t: t.generate_join_client_token(s.ROOM_ID, token_ttl_secs=120, refresh_token_ttl_secs=60),
        "POST",
        f"/v2/rooms/{s.ROOM_ID}/actions/generate_join_client_token",
        {},
        {"token_ttl_secs": 120, "refresh_token_ttl_secs": 60},
        201,
        {"data": s.CLIENT_TOKEN},
    ),
    Operation(
        "refresh_client_token",
        lambda t: t.refresh_client_token(s.ROOM_ID, Secret(s.REFRESH_TOKEN), 120),
        "POST",
        f"/v2/rooms/{s.ROOM_ID}/actions/refresh_client_token",
        {},
        {"refresh_token": s.REFRESH_TOKEN, "token_ttl_secs": 120},
        201,
        {"data": s.REFRESHED_TOKEN},
    ),
    Operation(
        "list_sessions",
        lambda t: t.list_sessions(
            room_id=s.ROOM_ID,
            active=True,
            date_created_at=DateFilter(eq=DAY),
            date_updated_at=DateFilter(gte=DAY),
            date_ended_at=DateFilter(lte=DAY),
            include_participants=True,
        ),
        "GET",
        "/v2/room_sessions",
        _paged(include_participants="true")
        | {"filter[active]": "true", "filter[room_id]": s.ROOM_ID}
        | _days("date_created_at", eq=DAY)
        | _days("date_updated_at", gte=DAY)
        | _days("date_ended_at", lte=DAY),
        None,
        200,
        s.page(s.SESSION),
    ),
    Operation(
        "view_session",
        lambda t: t.view_session(s.SESSION_ID, include_participants=True),
        "GET",
        f"/v2/room_sessions/{s.SESSION_ID}",
        {"include_participants": "true"},
        None,
        200,
        {"data": s.SESSION},
    ),
    Operation(
        "end_session",
        lambda t: t.end_session(s.SESSION_ID),
        "POST",
        f"/v2/room_sessions/{s.SESSION_ID}/actions/end",
        {},
        None,
        200,
        {"data": {"result": "ok"}},
    ),
    Operation(
        "kick",
        lambda t: t.kick(s.SESSION_ID, "all", exclude=[s.PARTICIPANT_ID]),
        "POST",
        f"/v2/room_sessions/{s.SESSION_ID}/actions/kick",
        {},
        {"participants": "all", "exclude": [s.PARTICIPANT_ID]},
        200,
        {"data": {"result": "ok"}},
    ),
    Operation(
        "mute",
        lambda t: t.mute(s.SESSION_ID, [s.PARTICIPANT_ID, s.OTHER_ID]),
        "POST",
        f"/v2/room_sessions/{s.SESSION_ID}/actions/mute",
        {},
        {"participants": [s.PARTICIPANT_ID, s.OTHER_ID]},
        200,
        {"data": {"result": "ok"}},
    ),
    Operation(
        "unmute",
        lambda t: t.unmute(s.SESSION_ID, "all"),
        "POST",
        f"/v2/room_sessions/{s.SESSION_ID}/actions/unmute",
        {},
        {"participants": "all"},
        200,
        {"data": {"result": "ok"}},
    ),
    Operation(
        "list_session_participants",
        lambda t: t.list_session_participants(
            s.SESSION_ID,
            context="bo",
            date_joined_at=DateFilter(eq=DAY),
            date_updated_at=DateFilter(gte=DAY),
            date_left_at=DateFilter(lte=DAY),
        ),
        "GET",
        f"/v2/room_sessions/{s.SESSION_ID}/participants",
        _paged()
        | {"filter[context]": "bo"}
        | _days("date_joined_at", eq=DAY)
        | _days("date_updated_at", gte=DAY)
        | _days("date_left_at", lte=DAY),
        None,
        200,
        s.page(s.PARTICIPANT),
    ),
    Operation(
        "list_participants",
        lambda t: t.list_participants(
            context="bo",
            session_id=s.SESSION_ID,
            date_joined_at=DateFilter(eq=DAY),
            date_updated_at=DateFilter(gte=DAY),
            date_left_at=DateFilter(lte=DAY),
        ),
        "GET",
        "/v2/room_participants",
        _paged()
        | {"filter[context]": "bo", "filter[session_id]": s.SESSION_ID}
        | _days("date_joined_at", eq=DAY)
        | _days("date_updated_at", gte=DAY)
        | _days("date_left_at", lte=DAY),
        None,
        200,
        s.page(s.PARTICIPANT),
    ),
    Operation(
        "view_participant",
        lambda t: t.view_participant(s.PARTICIPANT_ID),
        "GET",
        f"/v2/room_participants/{s.PARTICIPANT_ID}",
        {},
        None,
        200,
        {"data": s.PARTICIPANT},
    ),
    Operation(
        "list_recordings",
        lambda t: t.list_recordings(
            room_id=s.ROOM_ID,
            session_id=s.SESSION_ID,
            participant_id=s.PARTICIPANT_ID,
            status="completed",
            type="audio",
            duration_secs=20,
            date_started_at=DateFilter(gte=DAY),
            date_ended_at=DateFilter(lte=NEXT_DAY),
        ),
        "GET",
        "/v2/room_recordings",
        _paged()
        | {
            "filter[room_id]": s.ROOM_ID,
            "filter[session_id]": s.SESSION_ID,
            "filter[participant_id]": s.PARTICIPANT_ID,
            "filter[status]": "completed",
            "filter[type]": "audio",
            "filter[duration_secs]": "20",
        }
        | _days("date_started_at", gte=DAY)
        | _days("date_ended_at", lte=NEXT_DAY),
        None,
        200,
        s.page(s.RECORDING),
    ),
    Operation(
        "view_recording",
        lambda t: t.view_recording(s.RECORDING_ID),
        "GET",
        f"/v2/room_recordings/{s.RECORDING_ID}",
        {},
        None,
        200,
        {"data": s.RECORDING},
    ),
    Operation(
        "delete_recording",
        lambda t: t.delete_recording(s.RECORDING_ID),
        "DELETE",
        f"/v2/room_recordings/{s.RECORDING_ID}",
        {},
        None,
        204,
        None,
    ),
    Operation(
        "delete_recordings",
        lambda t: t.delete_recordings(
            room_id=s.ROOM_ID,
            session_id=s.SESSION_ID,
            participant_id=s.PARTICIPANT_ID,
            status="completed",
            type="video",
            duration_secs=0,
            date_started_at=DateFilter(gte=DAY),
            date_ended_at=DateFilter(lte=NEXT_DAY),
        ),
        "DELETE",
        "/v2/room_recordings",
        {
            "filter[room_id]": s.ROOM_ID,
            "filter[session_id]": s.SESSION_ID,
            "filter[participant_id]": s.PARTICIPANT_ID,
            "filter[status]": "completed",
            "filter[type]": "video",
            "filter[duration_secs]": "0",
        }
        | _days("date_started_at", gte=DAY)
        | _days("date_ended_at", lte=NEXT_DAY),
        None,
        201,
        {"data": {"room_recordings": 5}},
    ),
    Operation(
        "list_compositions",
        lambda t: t.list_compositions(
            session_id=s.SESSION_ID, status="enqueued", date_created_at=DateFilter(eq=DAY)
        ),
        "GET",
        "/v2/room_compositions",
        _paged()
        | {"filter[session_id]": s.SESSION_ID, "filter[status]": "enqueued"}
        | _days("date_created_at", eq=DAY),
        None,
        200,
        s.page(s.COMPOSITION),
    ),
    Operation(
        "create_composition",
        lambda t: t.create_composition(
            session_id=s.SESSION_ID,
            format="mp4",
            resolution="800x600",
            video_layout={"stage": VideoRegion(height=720, width=1280, video_sources="*")},
            webhook_event_url="https://acme.example/hooks",
            webhook_event_failover_url="https://acme.example/failover",
            webhook_timeout_secs=25,
        ),
        "POST",
        "/v2/room_compositions",
        {},
        {
            "session_id": s.SESSION_ID,
            "format": "mp4",
            "resolution": "800x600",
            "video_layout": {"stage": {"height": 720, "width": 1280, "video_sources": "*"}},
            "webhook_event_url": "https://acme.example/hooks",
            "webhook_event_failover_url": "https://acme.example/failover",
            "webhook_timeout_secs": 25,
        },
        202,
        {"data": s.COMPOSITION},
    ),
    Operation(
        "view_composition",
        lambda t: t.view_composition(s.COMPOSITION_ID),
        "GET",
        f"/v2/room_compositions/{s.COMPOSITION_ID}",
        {},
        None,
        200,
        {"data": s.COMPOSITION},
    ),
    Operation(
        "delete_composition",
        lambda t: t.delete_composition(s.COMPOSITION_ID),
        "DELETE",
        f"/v2/room_compositions/{s.COMPOSITION_ID}",
        {},
        None,
        204,
        None,
    ),
]
