"""Rooms whose sessions become films by themselves (`auto_compose`): ordered by the house, once for each session."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from rooms import composing
from rooms.models import Composition, Recording, Session
from videobroker.api.problems import Problem
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import TenantStatus

log = structlog.get_logger(__name__)

# A recording that is not complete so long after the session has ended is not waited for any more.
WAITED_FOR: Final = timedelta(minutes=10)
# Sessions that ended earlier are history: a room that is set to compose now composes nothing of long ago.
LOOKED_BACK: Final = timedelta(days=1)
AT_ONCE: Final = 50


def compose_ended(now: datetime) -> int:
    """Order a film of every session that has ended, was recorded, and is to become one; how many."""
    ready = _ready(now).select_related("room", "room__account", "room__tenant")
    return sum(_order_once(session) for session in ready.order_by("ended_at")[:AT_ONCE])


def _ready(now: datetime) -> QuerySet[Session]:
    videos = Recording.objects.filter(session=OuterRef("pk"), type=Recording.Type.VIDEO).kept()
    ordered = Composition.objects.filter(session=OuterRef("pk"), is_automatic=True)
    complete = ~Exists(videos.filter(completed_at=None)) | Q(ended_at__lte=now - WAITED_FOR)
    ended = Session.objects.filter(ended_at__gt=now - LOOKED_BACK, ended_at__lte=now)
    wanted = ended.filter(room__auto_compose=True, tenant__status=TenantStatus.ACTIVE)
    return wanted.filter(complete, Exists(videos), ~Exists(ordered))


def _order_once(session: Session) -> int:
    """Order it, unless another worker did: the database lets only one of them (`a_session_is_composed_by_itself_once`),
    and whoever deletes that one is not given another."""
    try:
        with transaction.atomic():
            ordered = composing.order(HOUSE, session, is_automatic=True)
    except IntegrityError:
        return 0
    except Problem as problem:
        log.info("composition_not_ordered", session=str(session.pk), because=str(problem))
        return 0
    log.info("composition_ordered", session=str(session.pk), composition=str(ordered.composition.pk))
    return 1
