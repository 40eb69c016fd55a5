"""The rows of `rooms`."""

from rooms.models.account_check import AccountCheck
from rooms.models.ban import Ban
from rooms.models.composition import Composition
from rooms.models.deletion import STUBBORN_AFTER, Deletion
from rooms.models.delivery import Delivery, DeliveryAttempt
from rooms.models.erasure import Erasure
from rooms.models.event import Event
from rooms.models.footage import RETENTION_FLOOR, Footage
from rooms.models.hold import Hold
from rooms.models.member import Member, Role
from rooms.models.operation import Operation
from rooms.models.participant import Attribution, Participant
from rooms.models.purge_run import PurgeRun
from rooms.models.recording import Recording
from rooms.models.removal import Removal
from rooms.models.room import Access, Room, Upstream
from rooms.models.session import Session
from rooms.models.tally import Tally
from rooms.models.telnyx_room import TelnyxRoom
from rooms.models.tenant_retention import TenantRetention

__all__ = [
    "RETENTION_FLOOR",
    "STUBBORN_AFTER",
    "Access",
    "AccountCheck",
    "Attribution",
    "Ban",
    "Composition",
    "Deletion",
    "Delivery",
    "DeliveryAttempt",
    "Erasure",
    "Event",
    "Footage",
    "Hold",
    "Member",
    "Operation",
    "Participant",
    "PurgeRun",
    "Recording",
    "Removal",
    "Role",
    "Room",
    "Session",
    "Tally",
    "TelnyxRoom",
    "TenantRetention",
    "Upstream",
]
