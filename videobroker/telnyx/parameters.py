"""What is sent to Telnyx: only what was given, in Telnyx's names and notation."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Final, TypedDict
from urllib.parse import urlencode
from uuid import UUID

from videobroker.secret import Secret
from videobroker.telnyx.fields import as_id
from videobroker.telnyx.objects import VideoRegion

Id = str | UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DateFilter:
    """Days in UTC, not moments: exactly this day, from this day on, up to and including this day."""

    eq: date | None = None
    gte: date | None = None
    lte: date | None = None

    def __post_init__(self) -> None:
        if any(isinstance(day, datetime) for day in (self.eq, self.gte, self.lte)):
            raise ValueError(
                "Telnyx filters by whole days: give a date, such as moment.date(), not a datetime"
            )


class RoomFilters(TypedDict, total=False):
    unique_name: str | None
    date_created_at: DateFilter | None
    date_updated_at: DateFilter | None


class SessionOfRoomFilters(TypedDict, total=False):
    active: bool | None
    date_created_at: DateFilter | None
    date_updated_at: DateFilter | None
    date_ended_at: DateFilter | None


class SessionFilters(SessionOfRoomFilters, total=False):
    room_id: Id | None


class ParticipantOfSessionFilters(TypedDict, total=False):
    context: str | None
    date_joined_at: DateFilter | None
    date_updated_at: DateFilter | None
    date_left_at: DateFilter | None


class ParticipantFilters(ParticipantOfSessionFilters, total=False):
    session_id: Id | None


class RecordingFilters(TypedDict, total=False):
    """`duration_secs` is the least duration."""

    room_id: Id | None
    session_id: Id | None
    participant_id: Id | None
    status: str | None
    type: str | None
    duration_secs: int | None
    date_started_at: DateFilter | None
    date_ended_at: DateFilter | None


class CompositionFilters(TypedDict, total=False):
    session_id: Id | None
    status: str | None
    date_created_at: DateFilter | None


class WebhookSettings(TypedDict, total=False):
    webhook_event_url: str
    webhook_event_failover_url: str | None
    webhook_timeout_secs: int | None


class RoomSettings(WebhookSettings, total=False):
    unique_name: str
    max_participants: int
    enable_recording: bool


class CompositionSettings(WebhookSettings, total=False):
    format: str
    resolution: str
    session_id: Id
    video_layout: Mapping[str, VideoRegion]


ID_FILTERS: Final = frozenset({"room_id", "session_id", "participant_id"})
_NULLABLE: Final = frozenset({"webhook_event_failover_url", "webhook_timeout_secs"})


def known(names: Mapping[str, object], kind: type) -> dict[str, object]:
    """The named values, if the TypedDict `kind` has them all: a misspelt filter would select everything."""
    for name in names:
        if name not in kind.__annotations__:
            raise TypeError(f"there is no {name} among {kind.__name__}: {', '.join(kind.__annotations__)}")
    return dict(names)


def settings(values: Mapping[str, object], kind: type) -> dict[str, object]:
    """The body that sets exactly the given values. Null is sent only where Telnyx takes it."""
    for name, value in known(values, kind).items():
        if value is None and name not in _NULLABLE:
            raise ValueError(f"{name} cannot be null: leave it out to keep what Telnyx has")
    return dict(values)


def uuid_text(name: str, value: object) -> str:
    """The canonical text of an id, which cannot smuggle anything into a path. Raises `ValueError`."""
    identifier = as_id(value)
    if identifier is None:
        raise ValueError(f"{name} must be a UUID")
    return identifier


def filters(wanted: Mapping[str, object], kind: type) -> dict[str, str]:
    """Query parameters for the filters that are not None. An empty one would select everything: refused."""
    query: dict[str, str] = {}
    for name, value in known(wanted, kind).items():
        if isinstance(value, DateFilter):
            query |= {f"filter[{name}][{how}]": day for how, day in _days(value)}
        elif value is not None:
            query[f"filter[{name}]"] = _filter_text(name, value)
    return query


def _days(value: DateFilter) -> Iterable[tuple[str, str]]:
    return ((how, day.isoformat()) for how, day in asdict(value).items() if day is not None)


def _filter_text(name: str, value: object) -> str:
    if name in ID_FILTERS:
        return uuid_text(name, value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value == "":
        raise ValueError(f"the filter {name} is empty: leave it out, or say what to look for")
    return str(value)


def paging(page_number: int, page_size: int) -> dict[str, str]:
    if page_number < 1 or not 1 <= page_size <= 250:
        raise ValueError("pages are numbered from 1 and hold 1 to 250 items")
    return {"page[number]": str(page_number), "page[size]": str(page_size)}


def including(**asked: bool) -> dict[str, str]:
    return {f"include_{name}": "true" for name, wanted in asked.items() if wanted}


def query_text(query: Mapping[str, str]) -> str:
    return f"?{urlencode(query)}" if query else ""


def json_text(body: Mapping[str, object]) -> Secret:
    """The body as it is sent, secrets revealed, and therefore a secret itself."""
    return Secret(json.dumps(body, default=_plain, allow_nan=False))


def _plain(value: object) -> object:
    match value:
        case Secret():
            return value.reveal()
        case UUID():
            return str(value)
        case VideoRegion():
            return {name: part for name, part in asdict(value).items() if part is not None}
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a request to Telnyx")


def whom(participants: str | Sequence[Id], exclude: Sequence[Id]) -> dict[str, object]:
    """The body of a session action: `"all"`, or at least one participant id, and those to be spared.

    Raises `ValueError` where Telnyx would have to guess: nobody named, or some other word than "all".
    """
    body: dict[str, object] = {"participants": participants}
    if isinstance(participants, str):
        if participants != "all":
            raise ValueError('participants must be "all" or a list of participant ids')
    elif not participants:
        raise ValueError('no participants are named: give their ids, or say "all"')
    else:
        body["participants"] = [uuid_text("participants", one) for one in participants]
    if exclude:
        body["exclude"] = [uuid_text("exclude", one) for one in exclude]
    return body
