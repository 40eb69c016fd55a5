"""The operations on recordings."""

from collections.abc import Iterator
from typing import Unpack

from videobroker.telnyx.answers import dated, nothing, one
from videobroker.telnyx.calling import PAGE_SIZE, Caller, each, whole_list_page_size
from videobroker.telnyx.fields import Fields
from videobroker.telnyx.objects import Page, Recording
from videobroker.telnyx.parameters import Id, RecordingFilters, filters, uuid_text


class RecordingCalls(Caller):
    def list_recordings(
        self,
        *,
        page_number: int = 1,
        page_size: int = PAGE_SIZE,
        timeout_secs: float | None = None,
        **wanted: Unpack[RecordingFilters],
    ) -> Page[Recording]:
        return self._list(
            "list_recordings",
            "room_recordings",
            Recording.read,
            filters(wanted, RecordingFilters),
            page_number=page_number,
            page_size=page_size,
            timeout_secs=timeout_secs,
        )

    def each_recording(
        self,
        *,
        page_size: int | None = None,
        timeout_secs: float | None = None,
        **wanted: Unpack[RecordingFilters],
    ) -> Iterator[Recording]:
        """All recordings that match; `timeout_secs` is for each page."""
        return each(
            lambda page_number: self.list_recordings(
                page_number=page_number,
                page_size=whole_list_page_size(page_size, nested=False),
                timeout_secs=timeout_secs,
                **wanted,
            )
        )

    def view_recording(self, recording_id: Id, *, timeout_secs: float | None = None) -> Recording:
        recording = uuid_text("recording_id", recording_id)
        return self._call(
            "view_recording",
            "GET",
            f"room_recordings/{recording}",
            dated(one(Recording.read, id=recording)),
            timeout_secs=timeout_secs,
        )

    def delete_recording(self, recording_id: Id, *, timeout_secs: float | None = None) -> None:
        path = f"room_recordings/{uuid_text('recording_id', recording_id)}"
        self._call("delete_recording", "DELETE", path, nothing, timeout_secs=timeout_secs)

    def delete_recordings(
        self, *, timeout_secs: float | None = None, **wanted: Unpack[RecordingFilters]
    ) -> int:
        """Deletes every recording that matches, and says how many. Prefer deleting by id.

        Without a filter Telnyx deletes every recording of the account, so at least one must be given that
        says something; else `ValueError`.
        """
        query = filters(wanted, RecordingFilters)
        if not query:
            raise ValueError(
                "deleting recordings needs at least one filter: without, all of the account would go"
            )
        return self._call(
            "delete_recordings",
            "DELETE",
            "room_recordings",
            one(_deleted),
            query=query,
            timeout_secs=timeout_secs,
        )


def _deleted(fields: Fields) -> int:
    return fields.whole("room_recordings")
