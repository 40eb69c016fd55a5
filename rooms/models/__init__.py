"""The rows of `rooms`."""

from rooms.models.ban import Ban
from rooms.models.member import Member, Role
from rooms.models.operation import Operation
from rooms.models.room import Access, Room, Upstream

__all__ = ["Access", "Ban", "Member", "Operation", "Role", "Room", "Upstream"]
