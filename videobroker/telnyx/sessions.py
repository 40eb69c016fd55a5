"""The operations on sessions: what is going on, and what moderators do about it."""

from collections.abc import Iterator, Sequence
from typing import Literal, Unpack

from videobroker.telnyx.answers import one
from videobroker.telnyx.calling import PAGE_SIZE, Caller, each, whole_list_page_size
from videobroker.telnyx.fields import Fields
from videobroker.telnyx.objects import Page, Participant, Session
from videobroker.telnyx.parameters import (
    Id,
    ParticipantOfSessionFilters,
    SessionFilters,
    filters,
    including,
    uuid_text,
    whom,
)

Whom = Literal["all"] | Sequence[Id]


class SessionCalls(Caller):
    def list_sessions(
        self,
        *,
        include_participants: bool = False,
        page_number: int = 1,
        page_size: int = PAGE_SIZE,
        timeout_secs: float | None = None,
        **wanted: Unpack[SessionFilters],
    ) -> Page[Session]:
        return self._list(
            "list_sessions",
            "room_sessions",
            Session.read,
            filters(wanted, SessionFilters) | including(participants=include_participants),
            page_number=page_number,
            page_size=page_size,
            timeout_secs=timeout_secs,
        )

    def each_session(
        self,
        *,
        include_participants: bool = False,
        page_size: int | None = None,
        timeout_secs: float | None = None,
        **wanted: Unpack[SessionFilters],
    ) -> Iterator[Session]:
        """All sessions that match; `timeout_secs` is for each page."""
        return each(
            lambda page_number: self.list_sessions(
                include_participants=include_participants,
                page_number=page_number,
                page_size=whole_list_page_size(page_size, include_participants),
                timeout_secs=timeout_secs,
                **wanted,
            )
        )

    def view_session(
        self, session_id: Id, *, include_participants: bool = False, timeout_secs: float | None = None
    ) -> Session:
        session = uuid_text("session_id", session_id)
        return self._call(
            "view_session",
            "GET",
            f"room_sessions/{session}",
            one(Session.read, id=session),
            query=including(participants=include_participants),
            timeout_secs=timeout_secs,
        )

    def end_session(self, session_id: Id, *, timeout_secs: float | None = None) -> str:
        """Ends a session and puts everyone out. Gives Telnyx's word for it, `ok`.

        A session that is over is refused; `error.already_over` tells that apart.
        """
        return self._act("end_session", "end", session_id, None, timeout_secs)

    def kick(
        self,
        session_id: Id,
        participants: Whom,
        exclude: Sequence[Id] = (),
        *,
        timeout_secs: float | None = None,
    ) -> str:
        """Puts participants out. They may come back for as long as their tokens live."""
        return self._act("kick", "kick", session_id, whom(participants, exclude), timeout_secs)

    def mute(
        self,
        session_id: Id,
        participants: Whom,
        exclude: Sequence[Id] = (),
        *,
        timeout_secs: float | None = None,
    ) -> str:
        return self._act("mute", "mute", session_id, whom(participants, exclude), timeout_secs)

    def unmute(
        self,
        session_id: Id,
        participants: Whom,
        exclude: Sequence[Id] = (),
        *,
        timeout_secs: float | None = None,
    ) -> str:
        return self._act("unmute", "unmute", session_id, whom(participants, exclude), timeout_secs)

    def list_session_participants(
        self,
        session_id: Id,
        *,
        page_number: int = 1,
        page_size: int = PAGE_SIZE,
        timeout_secs: float | None = None,
        **wanted: Unpack[ParticipantOfSessionFilters],
    ) -> Page[Participant]:
        session = uuid_text("session_id", session_id)
        return self._list(
            "list_session_participants",
            f"room_sessions/{session}/participants",
            Participant.read,
            filters(wanted, ParticipantOfSessionFilters),
            page_number=page_number,
            page_size=page_size,
            timeout_secs=timeout_secs,
            session_id=session,
        )

    def each_session_participant(
        self,
        session_id: Id,
        *,
        page_size: int | None = None,
        timeout_secs: float | None = None,
        **wanted: Unpack[ParticipantOfSessionFilters],
    ) -> Iterator[Participant]:
        """All participants of the session that match; `timeout_secs` is for each page."""
        return each(
            lambda page_number: self.list_session_participants(
                session_id,
                page_number=page_number,
                page_size=whole_list_page_size(page_size, nested=False),
                timeout_secs=timeout_secs,
                **wanted,
            )
        )

    def _act(
        self,
        operation: str,
        action: str,
        session_id: Id,
        body: dict[str, object] | None,
        timeout_secs: float | None,
    ) -> str:
        path = f"room_sessions/{uuid_text('session_id', session_id)}/actions/{action}"
        return self._call(operation, "POST", path, one(_result), body=body, timeout_secs=timeout_secs)


def _result(fields: Fields) -> str:
    return fields.text("result")
