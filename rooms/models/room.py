import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from rooms.models.ban import Ban
from rooms.models.member import Role
from videobroker.tenants.callers import Caller
from videobroker.tenants.scoping import TenantQuerySet

if TYPE_CHECKING:
    from rooms.models.member import Member


class Access(models.TextChoices):
    """Who may ask to come in."""

    MEMBERS = "members", "Members only"
    TENANT = "tenant", "Everybody of the tenant"


class Upstream(models.TextChoices):
    """What is known of the room's Telnyx room."""

    PENDING = "pending", "Not made yet"
    READY = "ready", "There"
    ABSENT = "absent", "Deleted, as it should be"


class RoomQuerySet(TenantQuerySet["Room"]):
    def living(self) -> Self:
        """Rooms that were not deleted."""
        return self.filter(deleted_at=None)

    def visible_to(self, caller: Caller) -> Self:
        """The caller's tenant's rooms: all of them to a back end, to a person those they may ask to enter."""
        rooms = self.of(caller.the_tenant).living()
        if caller.is_back_end:
            return rooms
        return rooms.filter(Q(access=Access.TENANT) | Q(members__identity=caller.identity)).distinct()

    def moderated_by(self, caller: Caller) -> Self:
        """The living rooms of the tenant in which this person decides about others: where they are a moderator and not
        banned. None for whoever is no person; what may be done without being one is not asked of rooms."""
        rooms = self.of(caller.the_tenant).living()
        theirs = rooms.filter(members__identity=caller.identity, members__role=Role.MODERATOR)
        bans = Ban.objects.against(caller.the_tenant.pk, caller.identity or "").in_force(timezone.now())
        return theirs.exclude(Exists(bans.filter(Q(room=None) | Q(room=OuterRef("pk")))))


class Room(models.Model):
    """A room of ours. It is durable: it may outlive several Telnyx rooms, which are made and deleted for it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="rooms")
    account = models.ForeignKey("tenants.Account", on_delete=models.PROTECT, related_name="+")
    unique_name = models.CharField(max_length=255, null=True, blank=True)
    max_participants = models.PositiveSmallIntegerField(
        default=10, validators=[MinValueValidator(2), MaxValueValidator(50)]
    )
    enable_recording = models.BooleanField(default=False)
    webhook_event_url = models.CharField(max_length=2000, blank=True)
    webhook_event_failover_url = models.CharField(max_length=2000, blank=True)
    webhook_timeout_secs = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(30)]
    )

    opens_at = models.DateTimeField(null=True, blank=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    locked = models.BooleanField(default=False)
    access = models.CharField(max_length=10, choices=Access, default=Access.MEMBERS)
    recording_retention_days = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(36500)]
    )

    auto_compose = models.BooleanField(
        default=False, help_text="Whether a session that was recorded is composed when it ends."
    )

    telnyx_id = models.UUIDField(null=True, unique=True, editable=False)
    upstream = models.CharField(max_length=10, choices=Upstream, default=Upstream.PENDING, editable=False)
    sealed_at = models.DateTimeField(
        null=True, editable=False, help_text="When all tokens given until then were made void."
    )
    reconcile_due_at = models.DateTimeField(
        null=True, editable=False, db_index=True, help_text="When Telnyx is next asked who is in."
    )
    orders = models.PositiveIntegerField(default=0, editable=False, help_text="Operations ordered so far.")
    events_told = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="Events written for the tenant's back end so far."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = RoomQuerySet.as_manager()
    members: "models.Manager[Member]"

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "unique_name"],
                condition=Q(deleted_at=None),
                name="room_names_are_unique_in_a_tenant",
            ),
            models.CheckConstraint(
                condition=Q(opens_at=None) | Q(closes_at=None) | Q(opens_at__lt=models.F("closes_at")),
                name="a_room_opens_before_it_closes",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at"], name="rooms_of_tenant"),
            models.Index(fields=["upstream", "closes_at"], name="rooms_by_upstream"),
        ]

    def __str__(self) -> str:
        return self.unique_name or str(self.id)

    @property
    def telnyx_name(self) -> str:
        """The room's name at Telnyx, unique within the account: by it a create whose answer was lost is found."""
        return f"vb-{self.id}"

    def is_closed(self, now: datetime) -> bool:
        return self.closes_at is not None and self.closes_at <= now

    def is_not_open_yet(self, now: datetime) -> bool:
        return self.opens_at is not None and now < self.opens_at

    def should_exist_upstream(self, now: datetime) -> bool:
        """Whether there should be a Telnyx room: not for a room that is deleted or closed."""
        return self.deleted_at is None and not self.is_closed(now)
