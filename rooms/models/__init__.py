"""The rows of `rooms`."""

from rooms.models.account_check import AccountCheck
from rooms.models.ban import Ban
from rooms.models.delivery import Delivery, DeliveryAttempt
from rooms.models.event import Event
from rooms.models.member import Member, Role
from rooms.models.operation import Operation
from rooms.models.participant import Attribution, Participant
from rooms.models.removal import Removal
from rooms.models.room import Access, Room, Upstream
from rooms.models.session import Session
from rooms.models.tally import Tally
from rooms.models.telnyx_room import TelnyxRoom

__all__ = [
    "Access",
    "AccountCheck",
    "Attribution",
    "Ban",
    "Delivery",
    "DeliveryAttempt",
    "Event",
    "Member",
    "Operation",
    "Participant",
    "Removal",
    "Role",
    "Room",
    "Session",
    "Tally",
    "TelnyxRoom",
    "Upstream",
]
