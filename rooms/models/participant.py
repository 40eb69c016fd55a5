import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from rooms.models.room import Room
from videobroker.tenants.callers import Caller
from videobroker.tenants.scoping import TenantQuerySet


class Attribution(models.TextChoices):
    """Whether a participant's context says credibly who they are."""

    PENDING = "pending", "Not looked at yet"
    ATTRIBUTED = "attributed"
    MISSING = "missing", "No context"
    FORGED = "forged", "Not a context of ours"
    LATE = "late", "Joined after the context's time"
    FOREIGN = "foreign", "A context of another room"
    CLAIMED = "claimed", "Another participant has shown this context before"


class ParticipantQuerySet(TenantQuerySet["Participant"]):
    def present(self) -> Self:
        """Those who, as far as we know, are in now."""
        return self.filter(left_at=None, session__ended_at=None)

    def untold(self) -> Self:
        """Those of whom something was not told to the tenant's back end yet."""
        return self.filter(UNTOLD)

    def present_or_pending(self) -> Self:
        """Those, and whoever was in and could not be named yet."""
        here = Q(left_at=None, session__ended_at=None)
        return self.filter(here | Q(attribution=Attribution.PENDING))

    def maybe(self, identity: str) -> Self:
        """Those who are this person, or once were taken for them: whoever has shown a context of theirs. What facts
        that come late say of the one, they may unsay of the other."""
        return self.filter(Q(identity=identity) | Q(shown_identity=identity))

    def visible_to(self, caller: Caller) -> Self:
        """The tenant's participants: all to a back end, to a person those of the rooms they moderate."""
        people = self.of(caller.the_tenant)
        if caller.is_back_end:
            return people.filter(room__deleted_at=None)
        return people.filter(room__in=Room.objects.moderated_by(caller))


# What is known of a participant, and was not told to the tenant's back end yet.
UNTOLD = Q(joined_at__isnull=False, join_told=False) | Q(left_at__isnull=False, leave_told=False)


class Participant(models.Model):
    """Somebody in a session, mirrored from Telnyx, and beside it who that is. Only events and reconciling write that
    they joined or left; only attribution writes who they are."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="+")
    session = models.ForeignKey("rooms.Session", on_delete=models.CASCADE, related_name="participants")
    telnyx_id = models.UUIDField(editable=False)
    context = models.TextField(null=True)
    joined_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    left_reason = models.CharField(max_length=200, blank=True)

    attribution = models.CharField(max_length=12, choices=Attribution, default=Attribution.PENDING)
    identity = models.CharField(max_length=255, null=True)
    display_name = models.CharField(max_length=100, blank=True)
    role = models.CharField(max_length=12, blank=True)
    grant_id = models.UUIDField(null=True)
    granted_at = models.DateTimeField(null=True, help_text="When that grant was given.")
    shown_identity = models.CharField(
        max_length=255,
        null=True,
        editable=False,
        help_text="Whom that grant was given to. Holds go by it: it stays when `identity` is decided anew.",
    )
    evicted_at = models.DateTimeField(
        null=True, help_text="When their removal was last ordered by the house."
    )

    join_told = models.BooleanField(default=False, editable=False, help_text="To the tenant's back end.")
    leave_told = models.BooleanField(default=False, editable=False)
    seen_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        ordering = ["-seen_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "telnyx_id"], name="a_participant_is_in_a_session_once"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-seen_at"], name="participants_of_tenant"),
            models.Index(fields=["tenant", "identity"], name="participants_of_identity"),
            models.Index(fields=["tenant", "shown_identity"], name="participants_who_showed"),
            models.Index(fields=["grant_id"], name="participants_of_grant"),
            models.Index(fields=["room"], condition=Q(left_at=None), name="present_participants"),
            models.Index(fields=["seen_at"], condition=UNTOLD, name="untold_participants"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.identity or f"Somebody unknown ({str(self.telnyx_id)[:8]})"

    @property
    def gone_at(self) -> datetime | None:
        """When they left, or the session ended over them."""
        return self.left_at or self.session.ended_at
