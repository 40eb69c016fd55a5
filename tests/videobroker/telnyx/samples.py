"""What Telnyx answers when all is well."""

from typing import Any

ROOM_ID = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
SESSION_ID = "7b61621f-62e0-4aad-ab11-9fd19e272e74"
PARTICIPANT_ID = "9b61621f-5fe4-4aad-ab11-9fd19e272e73"
RECORDING_ID = "6b61621f-62e0-4aad-ab11-9fd19e272e73"
COMPOSITION_ID = "5219b3af-87c6-4c08-9b58-5a533d893e21"
OTHER_ID = "11111111-2222-4333-8444-555555555555"

CREATED_AT = "2026-04-16T09:46:20.954863Z"
ENDED_AT = "2026-04-16T10:24:55.962200Z"
TOKEN = "eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiJudWxsIn0.tokenthatopensaroom"
REFRESH_TOKEN = "eyJhbGciOiJFZDI1NTE5In0.eyJ0eXAiOiJyZWZyZXNoIn0.tokenthatmakestokens"
DOWNLOAD_URL = "https://storage.example/recording.webm?signature=opensthefile"

PARTICIPANT: dict[str, Any] = {
    "id": PARTICIPANT_ID,
    "session_id": SESSION_ID,
    "context": "bo",
    "joined_at": CREATED_AT,
    "left_at": None,
    "updated_at": CREATED_AT,
    "record_type": "room_participant",
}
SESSION: dict[str, Any] = {
    "id": SESSION_ID,
    "room_id": ROOM_ID,
    "active": True,
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
    "ended_at": None,
    "participants": [PARTICIPANT],
    "record_type": "room_session",
}
ROOM: dict[str, Any] = {
    "id": ROOM_ID,
    "unique_name": "vb-lecture",
    "max_participants": 10,
    "enable_recording": True,
    "active_session_id": None,
    "created_at": CREATED_AT,
    "updated_at": ENDED_AT,
    "webhook_event_url": "https://acme.example/hooks",
    "webhook_event_failover_url": "",
    "webhook_timeout_secs": None,
    "sessions": [SESSION],
    "record_type": "room",
}
RECORDING: dict[str, Any] = {
    "id": RECORDING_ID,
    "room_id": ROOM_ID,
    "session_id": SESSION_ID,
    "participant_id": PARTICIPANT_ID,
    "type": "audio",
    "status": "completed",
    "codec": "opus",
    "size_mb": 5.6,
    "duration_secs": 3660,
    "download_url": DOWNLOAD_URL,
    "started_at": CREATED_AT,
    "ended_at": ENDED_AT,
    "completed_at": ENDED_AT,
    "created_at": CREATED_AT,
    "updated_at": ENDED_AT,
    "record_type": "room_recording",
}
COMPOSITION: dict[str, Any] = {
    "id": COMPOSITION_ID,
    "session_id": SESSION_ID,
    "room_id": None,
    "user_id": OTHER_ID,
    "format": "mp4",
    "resolution": "1280x720",
    "status": "enqueued",
    "size_mb": 6,
    "duration_secs": None,
    "download_url": None,
    "started_at": None,
    "ended_at": None,
    "completed_at": None,
    "created_at": CREATED_AT,
    "updated_at": CREATED_AT,
    "video_layout": {
        "stage": {
            "height": 720,
            "width": 1280,
            "x_pos": 0,
            "y_pos": 0,
            "z_pos": -1,
            "max_columns": 3,
            "max_rows": 2,
            "video_sources": [RECORDING_ID],
        },
        "rest": {"video_sources": "*"},
    },
    "webhook_event_url": "https://acme.example/hooks",
    "webhook_event_failover_url": None,
    "webhook_timeout_secs": 25,
    "record_type": "room_composition",
}
CLIENT_TOKEN: dict[str, Any] = {
    "token": TOKEN,
    "token_expires_at": CREATED_AT,
    "refresh_token": REFRESH_TOKEN,
    "refresh_token_expires_at": ENDED_AT,
}
REFRESHED_TOKEN: dict[str, Any] = {"token": TOKEN, "token_expires_at": CREATED_AT}


def page(*items: object, number: int = 1, pages: int = 1) -> dict[str, Any]:
    meta = {"page_number": number, "page_size": 20, "total_pages": pages, "total_results": len(items)}
    return {"data": list(items), "meta": meta}
