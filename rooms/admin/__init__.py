"""The rooms' pages in the console. A table that belongs to a room gets its pages by copying `members`; one that Telnyx
alone writes, such as recordings, by copying `participants`."""

from rooms.admin import (
    audit_entries,
    bans,
    compositions,
    deletions,
    deliveries,
    erasures,
    events,
    holds,
    members,
    operations,
    participants,
    purges,
    recordings,
    rooms,
    sessions,
)

__all__ = [
    "audit_entries",
    "bans",
    "compositions",
    "deletions",
    "deliveries",
    "erasures",
    "events",
    "holds",
    "members",
    "operations",
    "participants",
    "purges",
    "recordings",
    "rooms",
    "sessions",
]
