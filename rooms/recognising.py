"""Knowing again at Telnyx which composition is which of ours.

Telnyx has no key that makes an order safe to repeat, so ours stands in what it lets us choose: the address that the
completion is told to has the composition's id in its query. Without an address of ours that Telnyx can reach there is
no such key, and only the picture, the session and the time are left to go by.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.conf import settings

from rooms import layouts
from rooms.models import Composition, Recording
from videobroker import telnyx
from videobroker.telnyx import Telnyx

KEY: Final = "composition"
# How far Telnyx's clock and ours may be apart.
CLOCKS_DIFFER: Final = timedelta(minutes=5)


def address_for(composition: Composition) -> str | None:
    """Where Telnyx is to tell of this composition: our address with its key. None where we have no address."""
    if not settings.PUBLIC_URL:
        return None
    return f"{settings.PUBLIC_URL}/webhooks/telnyx/{composition.room.account_id}?{KEY}={composition.pk}"


def key_of(found: telnyx.Composition) -> UUID | None:
    """The id of ours that Telnyx's composition bears, be our address today what it may."""
    try:
        keys = parse_qs(urlsplit(found.webhook_event_url or "").query).get(KEY, [])
        return UUID(keys[0]) if keys else None
    except ValueError:  # an address that is none, or a key that is no id of ours
        return None


def is_another(composition: Composition, found: telnyx.Composition) -> bool:
    """Whether what Telnyx has is surely not this composition."""
    if found.session_id is not None and found.session_id != str(composition.session.telnyx_id):
        return True
    return key_of(found) not in (None, composition.pk)


def find(line: Telnyx, composition: Composition) -> telnyx.Composition | None:
    """The composition at Telnyx that bears this one's key; of several the one that was made first. Raises
    `TelnyxError`."""
    return _first(find_all(line, composition))


def find_all(line: Telnyx, composition: Composition) -> list[telnyx.Composition]:
    """Everything at Telnyx that bears this one's key. Raises `TelnyxError`."""
    return [found for found in _of_session(line, composition) if key_of(found) == composition.pk]


def find_keyless(line: Telnyx, composition: Composition, *, since: datetime) -> telnyx.Composition | None:
    """A composition at Telnyx without a key that looks just like this one, was made since then, and is none of our
    others. Raises `TelnyxError`."""
    ours = layouts.for_telnyx(composition.video_layout, telnyx_ids_of(composition))
    alike = [
        found
        for found in _of_session(line, composition)
        if key_of(found) is None
        and (found.format, found.resolution) == (composition.format, composition.resolution)
        and found.created_at is not None
        and found.created_at >= since - CLOCKS_DIFFER
        and layouts.are_alike(ours, found.video_layout)
    ]
    known = Composition.objects.filter(telnyx_id__in=[found.id for found in alike])
    claimed = {str(each) for each in known.exclude(pk=composition.pk).values_list("telnyx_id", flat=True)}
    return _first(found for found in alike if found.id not in claimed)


def telnyx_ids_of(composition: Composition) -> dict[UUID, UUID]:
    """Telnyx's ids of the recordings that the layout names, by ours."""
    named = [recording_id for _, recording_id in layouts.sources(composition.video_layout)]
    rows = Recording.objects.filter(session=composition.session_id, pk__in=named)
    return dict(rows.values_list("pk", "telnyx_id"))


def _of_session(line: Telnyx, composition: Composition) -> Sequence[telnyx.Composition]:
    return list(line.each_composition(session_id=composition.session.telnyx_id))


def _first(found: Iterable[telnyx.Composition]) -> telnyx.Composition | None:
    return min(
        found, key=lambda each: (each.created_at or datetime.max.replace(tzinfo=UTC), each.id), default=None
    )
