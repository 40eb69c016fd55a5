"""The line to Telnyx Video: a typed client, its errors, and the signatures on webhooks.

It knows nothing of tenants, rooms of ours, or Django.
"""

from videobroker.telnyx import errors
from videobroker.telnyx.client import Telnyx
from videobroker.telnyx.objects import (
    ClientToken,
    Composition,
    Page,
    Participant,
    Recording,
    RefreshedToken,
    Room,
    Session,
    VideoRegion,
)
from videobroker.telnyx.parameters import DateFilter
from videobroker.telnyx.transport import Transport

__all__ = [
    "ClientToken",
    "Composition",
    "DateFilter",
    "Page",
    "Participant",
    "Recording",
    "RefreshedToken",
    "Room",
    "Session",
    "Telnyx",
    "Transport",
    "VideoRegion",
    "errors",
]
