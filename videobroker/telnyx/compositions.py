"""The operations on compositions."""

from collections.abc import Iterator
from typing import Unpack

from videobroker.telnyx.answers import dated, nothing, one
from videobroker.telnyx.calling import PAGE_SIZE, Caller, each, whole_list_page_size
from videobroker.telnyx.objects import Composition, Page
from videobroker.telnyx.parameters import (
    CompositionFilters,
    CompositionSettings,
    Id,
    filters,
    settings,
    uuid_text,
)


class CompositionCalls(Caller):
    def list_compositions(
        self,
        *,
        page_number: int = 1,
        page_size: int = PAGE_SIZE,
        timeout_secs: float | None = None,
        **wanted: Unpack[CompositionFilters],
    ) -> Page[Composition]:
        return self._list(
            "list_compositions",
            "room_compositions",
            Composition.read,
            filters(wanted, CompositionFilters),
            page_number=page_number,
            page_size=page_size,
            timeout_secs=timeout_secs,
        )

    def each_composition(
        self,
        *,
        page_size: int | None = None,
        timeout_secs: float | None = None,
        **wanted: Unpack[CompositionFilters],
    ) -> Iterator[Composition]:
        """All compositions that match; `timeout_secs` is for each page."""
        return each(
            lambda page_number: self.list_compositions(
                page_number=page_number,
                page_size=whole_list_page_size(page_size, nested=False),
                timeout_secs=timeout_secs,
                **wanted,
            )
        )

    def create_composition(
        self, *, timeout_secs: float | None = None, **wanted: Unpack[CompositionSettings]
    ) -> Composition:
        """Orders a composition, to be made later. Should the answer get lost, list those of the session."""
        body = settings(wanted, CompositionSettings)
        expected: dict[str, str] = {}
        if "session_id" in body:
            body["session_id"] = expected["session_id"] = uuid_text("session_id", body["session_id"])
        return self._call(
            "create_composition",
            "POST",
            "room_compositions",
            one(Composition.read, **expected),
            body=body,
            timeout_secs=timeout_secs,
        )

    def view_composition(self, composition_id: Id, *, timeout_secs: float | None = None) -> Composition:
        composition = uuid_text("composition_id", composition_id)
        return self._call(
            "view_composition",
            "GET",
            f"room_compositions/{composition}",
            dated(one(Composition.read, id=composition)),
            timeout_secs=timeout_secs,
        )

    def delete_composition(self, composition_id: Id, *, timeout_secs: float | None = None) -> None:
        path = f"room_compositions/{uuid_text('composition_id', composition_id)}"
        self._call("delete_composition", "DELETE", path, nothing, timeout_secs=timeout_secs)
