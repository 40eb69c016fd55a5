"""The operations on rooms, and the tokens that open them."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar, Unpack

from videobroker.secret import Secret
from videobroker.telnyx.answers import nothing, one
from videobroker.telnyx.calling import PAGE_SIZE, Caller, each, whole_list_page_size
from videobroker.telnyx.fields import Fields
from videobroker.telnyx.objects import ClientToken, Page, RefreshedToken, Room, Session
from videobroker.telnyx.parameters import (
    Id,
    RoomFilters,
    RoomSettings,
    SessionOfRoomFilters,
    filters,
    including,
    settings,
    uuid_text,
)

T = TypeVar("T")


class RoomCalls(Caller):
    def create_room(self, *, timeout_secs: float | None = None, **wanted: Unpack[RoomSettings]) -> Room:
        """Makes a room. `unique_name` is the only way to find it again should the answer get lost."""
        body = settings(wanted, RoomSettings)
        return self._call(
            "create_room", "POST", "rooms", one(Room.read), body=body, timeout_secs=timeout_secs
        )

    def list_rooms(
        self,
        *,
        include_sessions: bool = False,
        page_number: int = 1,
        page_size: int = PAGE_SIZE,
        timeout_secs: float | None = None,
        **wanted: Unpack[RoomFilters],
    ) -> Page[Room]:
        return self._list(
            "list_rooms",
            "rooms",
            Room.read,
            filters(wanted, RoomFilters) | including(sessions=include_sessions),
            page_number=page_number,
            page_size=page_size,
            timeout_secs=timeout_secs,
        )

    def each_room(
        self,
        *,
        include_sessions: bool = False,
        page_size: int | None = None,
        timeout_secs: float | None = None,
        **wanted: Unpack[RoomFilters],
    ) -> Iterator[Room]:
        """All rooms that match; `timeout_secs` is for each page."""
        return each(
            lambda page_number: self.list_rooms(
                include_sessions=include_sessions,
                page_number=page_number,
                page_size=whole_list_page_size(page_size, include_sessions),
                timeout_secs=timeout_secs,
                **wanted,
            )
        )

    def view_room(
        self, room_id: Id, *, include_sessions: bool = False, timeout_secs: float | None = None
    ) -> Room:
        room = uuid_text("room_id", room_id)
        return self._call(
            "view_room",
            "GET",
            f"rooms/{room}",
            one(Room.read, id=room),
            query=including(sessions=include_sessions),
            timeout_secs=timeout_secs,
        )

    def update_room(
        self, room_id: Id, *, timeout_secs: float | None = None, **wanted: Unpack[RoomSettings]
    ) -> Room:
        """Sets what is given and leaves the rest. Raises `ValueError` if nothing is given."""
        room, body = uuid_text("room_id", room_id), settings(wanted, RoomSettings)
        if not body:
            raise ValueError("an update must set something")
        return self._call(
            "update_room",
            "PATCH",
            f"rooms/{room}",
            one(Room.read, id=room),
            body=body,
            timeout_secs=timeout_secs,
        )

    def delete_room(self, room_id: Id, *, timeout_secs: float | None = None) -> None:
        """Removes a room with everyone in it. Nothing else revokes the tokens given out for it."""
        path = f"rooms/{uuid_text('room_id', room_id)}"
        self._call("delete_room", "DELETE", path, nothing, timeout_secs=timeout_secs)

    def list_room_sessions(
        self,
        room_id: Id,
        *,
        include_participants: bool = False,
        page_number: int = 1,
        page_size: int = PAGE_SIZE,
        timeout_secs: float | None = None,
        **wanted: Unpack[SessionOfRoomFilters],
    ) -> Page[Session]:
        room = uuid_text("room_id", room_id)
        return self._list(
            "list_room_sessions",
            f"rooms/{room}/sessions",
            Session.read,
            filters(wanted, SessionOfRoomFilters) | including(participants=include_participants),
            page_number=page_number,
            page_size=page_size,
            timeout_secs=timeout_secs,
            room_id=room,
        )

    def each_room_session(
        self,
        room_id: Id,
        *,
        include_participants: bool = False,
        page_size: int | None = None,
        timeout_secs: float | None = None,
        **wanted: Unpack[SessionOfRoomFilters],
    ) -> Iterator[Session]:
        """All sessions of the room that match; `timeout_secs` is for each page."""
        return each(
            lambda page_number: self.list_room_sessions(
                room_id,
                include_participants=include_participants,
                page_number=page_number,
                page_size=whole_list_page_size(page_size, include_participants),
                timeout_secs=timeout_secs,
                **wanted,
            )
        )

    def generate_join_client_token(
        self,
        room_id: Id,
        token_ttl_secs: int | None = None,
        refresh_token_ttl_secs: int | None = None,
        *,
        timeout_secs: float | None = None,
    ) -> ClientToken:
        """A token to join the room with, and one to renew it. Lifetimes default to 600 s and 3600 s."""
        lifetimes = {"token_ttl_secs": token_ttl_secs, "refresh_token_ttl_secs": refresh_token_ttl_secs}
        return self._token(
            "generate_join_client_token", room_id, ClientToken.read, lifetimes, timeout_secs=timeout_secs
        )

    def refresh_client_token(
        self,
        room_id: Id,
        refresh_token: Secret,
        token_ttl_secs: int | None = None,
        *,
        timeout_secs: float | None = None,
    ) -> RefreshedToken:
        """A new token to join the room with. The refresh token stays as it is. Without a lifetime, 600 s."""
        body = {"refresh_token": refresh_token, "token_ttl_secs": token_ttl_secs}
        return self._token(
            "refresh_client_token", room_id, RefreshedToken.read, body, timeout_secs=timeout_secs
        )

    def _token(
        self,
        operation: str,
        room_id: Id,
        read: Callable[[Fields], T],
        given: Mapping[str, Secret | int | None],
        *,
        timeout_secs: float | None,
    ) -> T:
        return self._call(
            operation,
            "POST",
            f"rooms/{uuid_text('room_id', room_id)}/actions/{operation}",
            one(read),
            body={name: value for name, value in given.items() if value is not None},
            timeout_secs=timeout_secs,
        )
