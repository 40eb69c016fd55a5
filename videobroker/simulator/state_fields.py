"""The fields a preloaded object may have, and how each is read. Telnyx's objects fit in as they are."""

import json
from collections.abc import Callable
from typing import Any

from videobroker.simulator import clock, compositions, recordings, rooms
from videobroker.simulator.fields import Fields
from videobroker.simulator.rooms import or_null
from videobroker.simulator.store import Row

Reader = Callable[[Fields, str], Any]
Readers = dict[str, Reader]

# Telnyx shows these, but they follow from other fields or stand for other objects.
_NOT_KEPT = ("record_type", "download_url", "active_session_id", "user_id", "sessions", "participants")
_LONGEST_SECS = 10_000_000


def given(fields: Fields, readers: Readers) -> Row:
    """The columns given by an object. Unknown names are refused; a null id or owner is as good as none."""
    fields.only((*readers, *_NOT_KEPT))
    return {
        name: read(fields, name)
        for name, read in readers.items()
        if name in fields and not (fields.values[name] is None and name in _OWN)
    }


def _moment(fields: Fields, name: str) -> str:
    return clock.written(fields.moment(name))


def _secs_since_1970(fields: Fields, name: str) -> float:
    return fields.moment(name).timestamp()


def _string(fields: Fields, name: str) -> str:
    value = fields.values[name]
    if not isinstance(value, str):
        raise fields.wrong(name, "must be a string.")
    return value


def _layout(fields: Fields, name: str) -> str:
    return json.dumps(compositions.READERS[name](fields, name))


_OWN: Readers = {"id": Fields.identifier, "account_id": Fields.identifier}
_TIMES: Readers = {"created_at": _moment, "updated_at": _moment}
_OUTCOME: Readers = {
    "duration_secs": or_null(lambda fields, name: fields.integer(name, 0, _LONGEST_SECS)),
    "size_mb": or_null(lambda fields, name: fields.number(name, 0, _LONGEST_SECS)),
    "started_at": or_null(_moment),
    "ended_at": or_null(_moment),
    "completed_at": or_null(_moment),
}

ROOM: Readers = {
    **_OWN,
    **_TIMES,
    **{name: or_null(read) for name, read in rooms.READERS.items()},
    "max_participants": rooms.READERS["max_participants"],
    "enable_recording": rooms.READERS["enable_recording"],
}
SESSION: Readers = {
    **_OWN,
    **_TIMES,
    "room_id": Fields.identifier,
    "active": Fields.boolean,
    "ended_at": or_null(_moment),
}
PARTICIPANT: Readers = {
    **_OWN,
    "room_id": Fields.identifier,
    "session_id": Fields.identifier,
    "context": or_null(_string),
    "muted": Fields.boolean,
    "token_expires_at": or_null(_secs_since_1970),
    "joined_at": _moment,
    "updated_at": _moment,
    "left_at": or_null(_moment),
    "left_reason": or_null(Fields.text),
}
RECORDING: Readers = {
    **_OWN,
    **_TIMES,
    **_OUTCOME,
    "room_id": Fields.identifier,
    "session_id": Fields.identifier,
    "participant_id": Fields.identifier,
    "type": lambda fields, name: fields.choice(name, recordings.CODECS),
    "status": lambda fields, name: fields.choice(name, recordings.STATUSES),
    "codec": Fields.text,
    "started_at": _moment,
}
COMPOSITION: Readers = {
    **_OWN,
    **_TIMES,
    **_OUTCOME,
    **{name: or_null(read) for name, read in compositions.READERS.items()},
    "room_id": or_null(Fields.identifier),
    "format": compositions.READERS["format"],
    "resolution": compositions.READERS["resolution"],
    "video_layout": _layout,
    "status": lambda fields, name: fields.choice(name, compositions.STATUSES),
}
