import uuid
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.db import models
from django.db.models.functions import Now

from rooms.models.deletion import Deletion
from rooms.models.room import Room
from videobroker.tenants.callers import Caller
from videobroker.tenants.scoping import Row, TenantQuerySet

# No retention is shorter, and a retention that was shortened holds for this long as it was.
RETENTION_FLOOR: Final = timedelta(days=1)


class FootageQuerySet(TenantQuerySet[Row]):
    """Query sets of recordings, or of compositions."""

    def kept(self) -> Self:
        """What is there and not being deleted."""
        return self.filter(state=Footage.State.KEPT)

    def in_turn(self) -> Self:
        """The same, for one UPDATE of many: it locks them in the order of their ids, as all do who lock several. Two
        that take them in different orders would wait for each other, until the database ends one."""
        locked = self.order_by("pk").select_for_update(of=("self",))
        # By nothing but their ids: asked for the same once more, PostgreSQL may compare each row with every other.
        return type(self)(self.model, using=self.db).filter(pk__in=locked.values("pk"))

    def expired(self, now: datetime) -> Self:
        """What is kept and was to be kept no longer than `now`, holds not regarded."""
        return self.kept().filter(expires_at__lte=now)

    def visible_to(self, caller: Caller) -> Self:
        """What of the tenant's is kept: all of it to a back end, to a person that of the rooms they moderate. A deleted
        room has no moderators any more; what was recorded in it is its owner's."""
        found = self.of(caller.the_tenant).kept()
        if caller.is_back_end:
            return found
        return found.filter(room__in=Room.objects.moderated_by(caller))


class Footage(models.Model):
    """What recordings and compositions have in common: films of people, kept for as long as they should be, then
    deleted. The row stays when the film has gone, so that nothing late brings it back to life; who deleted it, when and
    why is in its `Deletion`.

    `expires_at` follows from the retention (`retaining`) and is None while the film is not complete. `held` says that
    a hold is in force on it; only holding writes it, and beginning a deletion asks for it in the same UPDATE.
    """

    class State(models.TextChoices):
        KEPT = "kept"
        DELETING = "deleting", "To be deleted at Telnyx"
        DELETED = "deleted"

    # What it is called in the audit and in receipts.
    kind: ClassVar[Deletion.Kind]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="+")
    session = models.ForeignKey("rooms.Session", on_delete=models.CASCADE, related_name="%(class)ss")

    status = models.CharField(max_length=20, help_text="As Telnyx says it.")
    size_mb = models.FloatField(null=True)
    duration_secs = models.PositiveIntegerField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(db_default=Now(), editable=False, help_text="When we first heard of it.")
    updated_at = models.DateTimeField(auto_now=True)

    state = models.CharField(max_length=10, choices=State, default=State.KEPT, editable=False)
    held = models.BooleanField(default=False, editable=False)
    retain_until = models.DateTimeField(
        null=True, blank=True, help_text="Kept until then instead of as long as the room's retention says."
    )
    expires_at = models.DateTimeField(null=True, editable=False, help_text="When its retention is over.")

    class Meta:
        abstract = True

    @property
    def kept_from_at(self) -> datetime | None:
        """When retention begins to count: when the film was complete, None before. One that Telnyx never completed
        counts from when it ended, if that is known."""
        return self.completed_at or self.ended_at
