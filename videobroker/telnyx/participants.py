"""The operations on participants, over all sessions of the account."""

from collections.abc import Iterator
from typing import Unpack

from videobroker.telnyx.answers import one
from videobroker.telnyx.calling import PAGE_SIZE, Caller, each, whole_list_page_size
from videobroker.telnyx.objects import Page, Participant
from videobroker.telnyx.parameters import Id, ParticipantFilters, filters, uuid_text


class ParticipantCalls(Caller):
    def list_participants(
        self,
        *,
        page_number: int = 1,
        page_size: int = PAGE_SIZE,
        timeout_secs: float | None = None,
        **wanted: Unpack[ParticipantFilters],
    ) -> Page[Participant]:
        return self._list(
            "list_participants",
            "room_participants",
            Participant.read,
            filters(wanted, ParticipantFilters),
            page_number=page_number,
            page_size=page_size,
            timeout_secs=timeout_secs,
        )

    def each_participant(
        self,
        *,
        page_size: int | None = None,
        timeout_secs: float | None = None,
        **wanted: Unpack[ParticipantFilters],
    ) -> Iterator[Participant]:
        """All participants that match; `timeout_secs` is for each page."""
        return each(
            lambda page_number: self.list_participants(
                page_number=page_number,
                page_size=whole_list_page_size(page_size, nested=False),
                timeout_secs=timeout_secs,
                **wanted,
            )
        )

    def view_participant(self, participant_id: Id, *, timeout_secs: float | None = None) -> Participant:
        participant = uuid_text("participant_id", participant_id)
        return self._call(
            "view_participant",
            "GET",
            f"room_participants/{participant}",
            one(Participant.read, id=participant),
            timeout_secs=timeout_secs,
        )
