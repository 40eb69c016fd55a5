"""Telnyx Video: the 25 operations of one account."""

from collections.abc import Callable
from datetime import UTC, datetime

from videobroker.telnyx.compositions import CompositionCalls
from videobroker.telnyx.participants import ParticipantCalls
from videobroker.telnyx.recordings import RecordingCalls
from videobroker.telnyx.rooms import RoomCalls
from videobroker.telnyx.sessions import SessionCalls


class Telnyx(RoomCalls, SessionCalls, ParticipantCalls, RecordingCalls, CompositionCalls):
    """An account at Telnyx. Cheap to make: one per request will do; the connections are the transport's.

    Every operation takes at most `timeout_secs` (of the account, or as given to the call), sends its request
    at most once, sends only what it was given, and raises one of `errors.TelnyxError`, or `ValueError` for
    what must not be sent at all. `each_…` go through all pages of a list.
    """

    def clock_offset_secs(self, now: Callable[[], datetime] | None = None) -> float | None:
        """By how much Telnyx's clock is ahead of ours (`now`), give or take a second and half the call's
        duration.

        None if the answer bears no date. Costs one small read.
        """
        read_clock = now or _utc_now
        asked_at = read_clock()
        answered_at = self.list_rooms(page_size=1).answered_at
        if answered_at is None:
            return None
        return (answered_at - asked_at - (read_clock() - asked_at) / 2).total_seconds()


def _utc_now() -> datetime:
    return datetime.now(UTC)
