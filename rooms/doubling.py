"""Second copies: one order for a composition may have been carried out twice at Telnyx, its answer having been lost.
Both bear the same key. One of them is the composition; the other is deleted, at the latest with it, but not while a
hold covers it. It becomes the composition if the first is there no more.
"""

from uuid import UUID

import structlog

from rooms import holding, recognising, vanishing
from rooms.models import Composition, Footage
from videobroker import telnyx
from videobroker.telnyx import Telnyx, errors

log = structlog.get_logger(__name__)


def find_again(line: Telnyx, composition: Composition) -> telnyx.Composition | None:
    """Telnyx does not have it under the id that we know: the one that bears its key all the same, which it is from now
    on. Before anybody believes that it has vanished. Raises `TelnyxError`."""
    real = recognising.find(line, composition)
    if real is not None:
        point_to(composition, real)
    return real


def point_to(composition: Composition, real: telnyx.Composition) -> None:
    """The id that was believed is of something else, or of nothing: this one bears the key."""
    if composition.telnyx_id == UUID(real.id):
        return
    log.warning("composition_found_again", composition=str(composition.pk), telnyx_id=real.id)
    wrong = Composition.objects.filter(pk=composition.pk, telnyx_id=composition.telnyx_id)
    if wrong.exclude(state=Footage.State.DELETED).update(telnyx_id=real.id):
        composition.refresh_from_db(fields=["telnyx_id"])


def keep_or_take_back(line: Telnyx, composition: Composition, found: telnyx.Composition) -> None:
    """Telnyx has a film of a composition that is deleted here. Nobody deleted what had only vanished, so that is kept
    again, as this film; else it is taken back. Raises `TelnyxError`."""
    is_its = recognising.key_of(found) == composition.pk
    if not (is_its and vanishing.keep_another(composition, found.id)):
        take_back(line, composition, found)


def take_back(line: Telnyx, composition: Composition, found: telnyx.Composition) -> None:
    """Delete a film at Telnyx that is surely of this order, and that no row of ours stands for; not while a hold covers
    the composition. Raises `TelnyxError`."""
    if recognising.key_of(found) != composition.pk:
        return
    if holding.held_among([composition]):
        log.info("second_copy_held", composition=str(composition.pk), telnyx_id=found.id)
        return
    _delete(line, composition, found)


def delete_others(line: Telnyx, composition: Composition) -> None:
    """Delete what bears the key of a composition that is about to be deleted, but for itself. Holds come too late for
    that as for itself. Raises `TelnyxError`."""
    for found in _others(line, composition):
        _delete(line, composition, found)


def go_on_with_another(line: Telnyx, composition: Composition) -> bool:
    """The one that we know is there no more: if another is, let that be it; whether there was one. Raises
    `TelnyxError`."""
    others = _others(line, composition)
    for found in others[:1]:
        point_to(composition, found)
    return bool(others)


def _others(line: Telnyx, composition: Composition) -> list[telnyx.Composition]:
    found = recognising.find_all(line, composition)
    return [each for each in found if UUID(each.id) != composition.telnyx_id]


def _delete(line: Telnyx, composition: Composition, found: telnyx.Composition) -> None:
    log.warning("composition_taken_back", composition=str(composition.pk), telnyx_id=found.id)
    try:
        line.delete_composition(found.id)
    except errors.NotFound:
        log.info("composition_already_gone", telnyx_id=found.id)
