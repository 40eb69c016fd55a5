"""One recording or composition, for somebody who reaches for it by its id."""

from typing import Any
from uuid import UUID

from rooms.models import Composition, Recording
from videobroker.api.problems import not_found
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller


def reach(
    caller: Caller, model: type[Recording] | type[Composition], footage_id: UUID, act: str
) -> Recording | Composition:
    """What is kept under this id, with its room, account, tenant and session. Raises `not_found` unless the caller may
    see it. If it is their tenant's all the same, that is audited as a refusal of `act` ("downloaded", "deleted"): who
    reaches for somebody's face should be seen reaching. So call it outside of a transaction that would be rolled back.
    """
    rows: Any = model._default_manager
    of_tenant = rows.of(caller.the_tenant).kept().filter(pk=footage_id)
    footage: Recording | Composition | None = of_tenant.select_related(
        "room", "room__tenant", "room__account", "session"
    ).first()
    if footage is None:
        raise not_found()
    if not rows.visible_to(caller).filter(pk=footage_id).exists():
        auditing.record(
            caller, f"{model.kind}.{act}", tenant=caller.the_tenant, room_id=footage.room_id,
            subject_kind=model.kind, subject=footage.pk, refused_because="not_found",
        )  # fmt: skip
        raise not_found()
    return footage
