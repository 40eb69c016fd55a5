import uuid
from datetime import UTC, datetime
from typing import Final, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, Max, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now

from videobroker.tenants import pseudonyms
from videobroker.tenants.identities import validate_identity
from videobroker.tenants.scoping import TenantQuerySet

NEVER: Final = Value(datetime(9999, 1, 1, tzinfo=UTC))


class BanQuerySet(TenantQuerySet["Ban"]):
    def in_force(self, now: datetime) -> Self:
        """Bans that keep somebody out at `now`."""
        return self.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)

    def against(self, tenant_id: uuid.UUID, identity: str) -> Self:
        """Bans of this person in the tenant. Who was banned and then erased is still banned: of what is known of them
        only the pseudonym is left, which their identity leads to."""
        return self.filter(tenant=tenant_id, identity__in=pseudonyms.names_of(tenant_id, identity))

    def from_room(self, room_id: uuid.UUID) -> Self:
        """Bans from this room, or from all rooms of the tenant."""
        return self.filter(Q(room=None) | Q(room=room_id))

    def with_effect(self) -> Self:
        """Each with what is known of how far it has got: `removed_at`, `sealed_at`."""
        # By its name: participants stand on rooms, and rooms on bans.
        participants = apps.get_model("rooms", "Participant")._default_manager
        theirs = (
            participants.filter(
                room_id=Coalesce(OuterRef("room_id"), F("room_id")),
                tenant=OuterRef("tenant_id"),
                identity=OuterRef("identity"),
            )
            .alias(came_at=Coalesce("joined_at", "seen_at"), went_at=Coalesce("left_at", "session__ended_at"))
            # Whoever comes after the ban has ended is in rightly.
            .filter(came_at__lt=Coalesce(OuterRef("lifted_at"), NEVER))
            .filter(came_at__lt=Coalesce(OuterRef("until"), NEVER))
        )
        went = theirs.filter(went_at__gte=OuterRef("created_at")).order_by().values("identity")
        return self.select_related("room").annotate(
            is_still_in=Exists(theirs.filter(went_at=None)),
            last_went_at=Subquery(went.annotate(last=Max("went_at")).values("last")),
        )


class Ban(models.Model):
    """Who may not come (back), until when, and why. Lifted bans stay as a record."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="bans")
    room = models.ForeignKey(
        "rooms.Room", null=True, blank=True, on_delete=models.CASCADE, related_name="bans",
        help_text="Empty: all rooms of the tenant.",
    )  # fmt: skip
    identity = models.CharField(max_length=255, validators=[validate_identity])
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: until it is lifted.")
    # As long as it may be said; a pseudonym that stands in it for a short name makes it longer.
    reason = models.TextField(max_length=500, blank=True)
    tokens_end_at = models.DateTimeField(
        null=True, editable=False, help_text="When the last token given before it is over."
    )
    created_by = models.CharField(max_length=280, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    lifted_at = models.DateTimeField(null=True, editable=False)
    lifted_by = models.CharField(max_length=280, blank=True, editable=False)

    objects = BanQuerySet.as_manager()

    # Read by `with_effect`.
    is_still_in: bool
    last_went_at: datetime | None

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["tenant", "identity"], name="bans_of_identity")]

    def __str__(self) -> str:
        return f"{self.identity} from {self.room or 'all rooms'}"

    def is_in_force(self, now: datetime) -> bool:
        return self.lifted_at is None and (self.until is None or self.until > now)

    @property
    def removed_at(self) -> datetime | None:
        """When the last of the person's participants left who were in at the ban, or came back during it: the time of
        the ban itself if nobody was in, and None while somebody is."""
        if self.is_still_in:
            return None
        return max(self.created_at, self.last_went_at or self.created_at)

    @property
    def sealed_at(self) -> datetime | None:
        """When the room was sealed after the ban; None if it was not, or the ban is from all rooms."""
        sealed_at = self.room.sealed_at if self.room else None
        return sealed_at if sealed_at is not None and sealed_at >= self.created_at else None

    @property
    def residual_window_ends_at(self) -> datetime | None:
        """Until when a token given before the ban could still bring the person in, to be put out again."""
        if self.tokens_end_at is None or self.sealed_at is None:
            return self.tokens_end_at
        return min(self.tokens_end_at, self.sealed_at)
