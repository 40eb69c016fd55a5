import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from rooms.models.room import Room
from videobroker.tenants.callers import Caller
from videobroker.tenants.scoping import TenantQuerySet


class SessionQuerySet(TenantQuerySet["Session"]):
    def live(self) -> Self:
        """Sessions that, as far as we know, go on."""
        return self.filter(ended_at=None)

    def unsettled(self) -> Self:
        """Those that go on, and those of which Telnyx was not asked again since their end: of who left before it, we
        may not have been told."""
        unasked = Q(confirmed_at=None) | Q(confirmed_at__lt=models.F("ended_at"))
        return self.filter(Q(ended_at=None) | unasked)

    def untold(self) -> Self:
        """Sessions of which something was not told to the tenant's back end yet."""
        return self.filter(UNTOLD)

    def visible_to(self, caller: Caller) -> Self:
        """The tenant's sessions: all of them to a back end, to a person those of the rooms they moderate."""
        sessions = self.of(caller.the_tenant)
        if caller.is_back_end:
            return sessions.filter(room__deleted_at=None)
        return sessions.filter(room__in=Room.objects.moderated_by(caller))


# What is known of a session, and was not told to the tenant's back end yet.
UNTOLD = Q(start_told=False) | Q(ended_at__isnull=False, end_told=False)


class Session(models.Model):
    """One gathering in a room, mirrored from Telnyx. Only events and reconciling write it.

    Every time in it is the earliest that was ever told, so that the rows are the same in whatever order, and however
    often, the events come in.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="sessions")
    telnyx_id = models.UUIDField(unique=True, editable=False)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=200, blank=True)
    seen_at = models.DateTimeField(db_default=Now(), editable=False, help_text="When we first heard of it.")
    confirmed_at = models.DateTimeField(
        null=True, editable=False, help_text="When Telnyx last told who is in."
    )
    start_told = models.BooleanField(default=False, editable=False, help_text="To the tenant's back end.")
    end_told = models.BooleanField(default=False, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-seen_at", "id"]
        indexes = [
            models.Index(fields=["tenant", "-seen_at"], name="sessions_of_tenant"),
            models.Index(fields=["room"], condition=Q(ended_at=None), name="live_sessions"),
            models.Index(fields=["ended_at"], name="sessions_by_end"),
            models.Index(fields=["seen_at"], condition=UNTOLD, name="untold_sessions"),
        ]

    def __str__(self) -> str:
        return f"{self.room}, {self.started_at or self.seen_at:%Y-%m-%d %H:%M:%S}"

    @property
    def is_live(self) -> bool:
        return self.ended_at is None
