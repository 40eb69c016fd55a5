import uuid
from typing import Final, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from videobroker.tenants.scoping import TenantQuerySet

# A deletion that was tried so often in vain is stubborn: it is tried on, for ever, but no purge waits for it any more,
# and somebody has to look. That is no bad moment of Telnyx's: refusals have been repeated for over an hour by then.
STUBBORN_AFTER: Final = 20
IS_STUBBORN: Final = Q(attempts__gte=STUBBORN_AFTER)


class DeletionQuerySet(TenantQuerySet["Deletion"]):
    def unfinished(self) -> Self:
        """Those that are to be carried out, or are being so."""
        return self.filter(state__in=Deletion.UNFINISHED, due_at__isnull=False)

    def stubborn(self) -> Self:
        """Those of the unfinished that Telnyx has failed so often that no purge waits for them."""
        return self.unfinished().filter(IS_STUBBORN)

    def unproven(self) -> Self:
        """Receipts that rest on Telnyx's saying that it does not have the film: asked with another account's key, it
        says the same."""
        return self.filter(state=Deletion.State.DONE, answer__startswith="404")


class Deletion(models.Model):
    """The deletion of one recording or composition: the order while it is under way, the receipt for ever after.

    Once the row is there, the deletion is carried out, whoever changes their mind; but one whose cause is retention is
    taken back, row and all, if that turns out not to be over before anything was sent. One that is done is under way
    again if it was done because Telnyx said that it did not have the film, and then lists it (`vanishing`). Whoever
    carries it out holds a lease, as with operations.
    """

    class Kind(models.TextChoices):
        RECORDING = "recording"
        COMPOSITION = "composition"

    class Cause(models.TextChoices):
        RETENTION = "retention", "Its retention was over"
        ORDERED = "ordered", "Somebody ordered it"
        ERASURE = "erasure", "Its person was erased"
        VANISHED = "vanished", "Telnyx had it no more, though nobody here deleted it"

    class State(models.TextChoices):
        PENDING = "pending", "To be deleted at Telnyx"
        LEASED = "leased", "Being deleted"
        BLOCKED = "blocked", "Set aside: what Telnyx has under this id is not what it should be"
        DONE = "done"

    UNFINISHED = (State.PENDING, State.LEASED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey("tenants.Account", on_delete=models.PROTECT, related_name="+")
    room_id = models.UUIDField()
    session_id = models.UUIDField()
    kind = models.CharField(max_length=12, choices=Kind)
    footage_id = models.UUIDField(unique=True, help_text="The recording's or the composition's id.")
    telnyx_id = models.UUIDField(null=True, help_text="None: Telnyx never had it.")
    cause = models.CharField(max_length=10, choices=Cause)
    policy = models.JSONField(default=dict, help_text="What said so: the retention and its end, the erasure.")
    ordered_by = models.CharField(max_length=280)
    run = models.ForeignKey("rooms.PurgeRun", null=True, on_delete=models.SET_NULL, related_name="deletions")

    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(
        null=True,
        db_default=Now(),
        help_text="When it may be taken: next, or, while leased, should the holder die. None once nobody may.",
    )
    last_error = models.CharField(max_length=500, blank=True)
    begun_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=100, blank=True, help_text="What Telnyx answered in the end.")

    objects = DeletionQuerySet.as_manager()

    class Meta:
        ordering = ["-begun_at", "id"]
        indexes = [
            # By the one time rather than by states: SQLite does not see that a list of states is the index's own, and
            # would go through all receipts there ever were.
            models.Index(
                fields=["account", "due_at"], condition=Q(due_at__isnull=False), name="deletions_due"
            ),
            models.Index(fields=["begun_at"], condition=Q(state="blocked"), name="deletions_blocked"),
            models.Index(fields=["run"], condition=Q(due_at__isnull=False), name="deletions_of_a_purge"),
            models.Index(fields=["tenant", "-begun_at"], name="deletions_of_tenant"),
            models.Index(fields=["session_id"], name="deletions_of_session"),
        ]

    def __str__(self) -> str:
        return f"deletion of {self.kind} {self.footage_id}"
