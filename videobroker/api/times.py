"""Times as Telnyx writes them."""

from datetime import UTC, datetime


def iso(at: datetime) -> str:
    """`at` in UTC as ISO 8601 with microseconds and `Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
