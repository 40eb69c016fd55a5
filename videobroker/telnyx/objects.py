"""What Telnyx Video knows of: rooms, sessions, participants, recordings, compositions, client tokens.

Attribute names are Telnyx's field names. Ids are canonical UUID text, times are in UTC; None stands for null
and for left out. Only what an object cannot be understood without is demanded of an answer: its id, what it
is part of, and whether it is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from videobroker.secret import Secret
from videobroker.telnyx.fields import Fields

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T_co]):
    """One page of a list. `page_number` counts from 1; `answered_at` is Telnyx's own clock, to the second."""

    items: tuple[T_co, ...]
    page_number: int
    page_size: int
    total_pages: int
    total_results: int
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """Somebody who joined a session. `context` is whatever their client said: proof of nothing by itself."""

    id: str
    session_id: str
    context: str | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    updated_at: datetime | None = None

    @classmethod
    def read(cls, fields: Fields) -> "Participant":
        return cls(
            id=fields.id("id"),
            session_id=fields.id("session_id"),
            context=fields.maybe_free_text("context"),
            joined_at=fields.maybe_moment("joined_at"),
            left_at=fields.maybe_moment("left_at"),
            updated_at=fields.maybe_moment("updated_at"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One gathering in a room. `participants` is None unless they were asked for."""

    id: str
    room_id: str
    active: bool
    created_at: datetime | None = None
    updated_at: datetime | None = None
    ended_at: datetime | None = None
    participants: tuple[Participant, ...] | None = None

    @classmethod
    def read(cls, fields: Fields) -> "Session":
        return cls(
            id=fields.id("id"),
            room_id=fields.id("room_id"),
            active=fields.flag("active"),
            created_at=fields.maybe_moment("created_at"),
            updated_at=fields.maybe_moment("updated_at"),
            ended_at=fields.maybe_moment("ended_at"),
            participants=fields.maybe_each("participants", Participant.read),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """`sessions` is None unless they were asked for; `active_session_id` is None while nobody is in."""

    id: str
    unique_name: str | None = None
    max_participants: int | None = None
    enable_recording: bool = False
    active_session_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    webhook_event_url: str | None = None
    webhook_event_failover_url: str | None = None
    webhook_timeout_secs: int | None = None
    sessions: tuple[Session, ...] | None = None

    @classmethod
    def read(cls, fields: Fields) -> "Room":
        return cls(
            id=fields.id("id"),
            unique_name=fields.maybe_text("unique_name"),
            max_participants=fields.maybe_whole("max_participants"),
            enable_recording=fields.maybe_flag("enable_recording") or False,
            active_session_id=fields.maybe_id("active_session_id"),
            created_at=fields.maybe_moment("created_at"),
            updated_at=fields.maybe_moment("updated_at"),
            webhook_event_url=fields.maybe_text("webhook_event_url"),
            webhook_event_failover_url=fields.maybe_text("webhook_event_failover_url"),
            webhook_timeout_secs=fields.maybe_whole("webhook_timeout_secs"),
            sessions=fields.maybe_each("sessions", Session.read),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One participant's audio or video. `download_url` opens the file to whoever has it, for an hour. `answered_at` is
    Telnyx's own clock, to the second, when it was viewed; None in lists."""

    id: str
    status: str
    type: str
    room_id: str | None = None
    session_id: str | None = None
    participant_id: str | None = None
    codec: str | None = None
    size_mb: float | None = None
    duration_secs: int | None = None
    download_url: Secret | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    completed_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    answered_at: datetime | None = None

    @classmethod
    def read(cls, fields: Fields) -> "Recording":
        return cls(
            id=fields.id("id"),
            status=fields.text("status"),
            type=fields.text("type"),
            room_id=fields.maybe_id("room_id"),
            session_id=fields.maybe_id("session_id"),
            participant_id=fields.maybe_id("participant_id"),
            codec=fields.maybe_text("codec"),
            size_mb=fields.maybe_number("size_mb"),
            duration_secs=fields.maybe_whole("duration_secs"),
            download_url=fields.maybe_secret("download_url"),
            started_at=fields.maybe_moment("started_at"),
            ended_at=fields.maybe_moment("ended_at"),
            completed_at=fields.maybe_moment("completed_at"),
            created_at=fields.maybe_moment("created_at"),
            updated_at=fields.maybe_moment("updated_at"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRegion:
    """A part of a composition's picture, in pixels. `video_sources`: video recordings, or `*` for all."""

    height: int | None = None
    width: int | None = None
    x_pos: int | None = None
    y_pos: int | None = None
    z_pos: int | None = None
    max_columns: int | None = None
    max_rows: int | None = None
    video_sources: tuple[str, ...] | str | None = None

    @classmethod
    def read(cls, fields: Fields) -> "VideoRegion":
        return cls(
            height=fields.maybe_whole("height"),
            width=fields.maybe_whole("width"),
            x_pos=fields.maybe_whole("x_pos"),
            y_pos=fields.maybe_whole("y_pos"),
            z_pos=fields.maybe_whole("z_pos"),
            max_columns=fields.maybe_whole("max_columns"),
            max_rows=fields.maybe_whole("max_rows"),
            video_sources=fields.maybe_ids_or_star("video_sources"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """A film of a session's recordings. There is no status for a failed one: it stays `processing`. `answered_at` is
    Telnyx's own clock, to the second, when it was viewed; None in lists."""

    id: str
    status: str
    session_id: str | None = None
    room_id: str | None = None
    user_id: str | None = None
    format: str | None = None
    resolution: str | None = None
    video_layout: Mapping[str, VideoRegion] | None = None
    size_mb: float | None = None
    duration_secs: int | None = None
    download_url: Secret | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    completed_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    webhook_event_url: str | None = None
    webhook_event_failover_url: str | None = None
    webhook_timeout_secs: int | None = None
    answered_at: datetime | None = None

    @classmethod
    def read(cls, fields: Fields) -> "Composition":
        return cls(
            id=fields.id("id"),
            status=fields.text("status"),
            session_id=fields.maybe_id("session_id"),
            room_id=fields.maybe_id("room_id"),
            user_id=fields.maybe_text("user_id"),
            format=fields.maybe_text("format"),
            resolution=fields.maybe_text("resolution"),
            video_layout=fields.maybe_named("video_layout", VideoRegion.read),
            size_mb=fields.maybe_number("size_mb"),
            duration_secs=fields.maybe_whole("duration_secs"),
            download_url=fields.maybe_secret("download_url"),
            started_at=fields.maybe_moment("started_at"),
            ended_at=fields.maybe_moment("ended_at"),
            completed_at=fields.maybe_moment("completed_at"),
            created_at=fields.maybe_moment("created_at"),
            updated_at=fields.maybe_moment("updated_at"),
            webhook_event_url=fields.maybe_text("webhook_event_url"),
            webhook_event_failover_url=fields.maybe_text("webhook_event_failover_url"),
            webhook_timeout_secs=fields.maybe_whole("webhook_timeout_secs"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshedToken:
    """Lets its bearer join a room until it expires. It names nobody and cannot be revoked."""

    token: Secret
    token_expires_at: datetime

    @classmethod
    def read(cls, fields: Fields) -> "RefreshedToken":
        return cls(token=fields.secret("token"), token_expires_at=fields.moment("token_expires_at"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientToken(RefreshedToken):
    """A token with the one that renews it. Whoever holds the refresh token needs no API key to use it."""

    refresh_token: Secret
    refresh_token_expires_at: datetime

    @classmethod
    def read(cls, fields: Fields) -> "ClientToken":
        return cls(
            token=fields.secret("token"),
            token_expires_at=fields.moment("token_expires_at"),
            refresh_token=fields.secret("refresh_token"),
            refresh_token_expires_at=fields.moment("refresh_token_expires_at"),
        )
