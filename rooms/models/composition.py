from django.db import models
from django.db.models import Q

from rooms.models.deletion import Deletion
from rooms.models.footage import Footage, FootageQuerySet

# What is known of a composition, and was not told to the tenant's back end yet.
UNTOLD = Q(completed_at__isnull=False, completion_told=False) | (
    Q(state="kept", failure_told=False) & ~Q(failed_because="")
)


class Composition(Footage):
    """A film made of a session's recordings. The row is there from when it was ordered; `telnyx_id` is None until
    Telnyx has taken the order, and stays so if it refuses (`failed_because`)."""

    class Status(models.TextChoices):
        """Telnyx's; it has none for a failed one."""

        ENQUEUED = "enqueued"
        PROCESSING = "processing"
        COMPLETED = "completed"

    kind = Deletion.Kind.COMPOSITION

    telnyx_id = models.UUIDField(null=True, unique=True, editable=False)
    format = models.CharField(max_length=10, default="mp4")
    resolution = models.CharField(max_length=11, default="1280x720")
    video_layout = models.JSONField(default=dict, help_text="Regions by name; video sources by our ids.")
    webhook_event_url = models.CharField(max_length=2000, blank=True)
    webhook_event_failover_url = models.CharField(max_length=2000, blank=True)
    webhook_timeout_secs = models.PositiveSmallIntegerField(null=True, blank=True)
    is_automatic = models.BooleanField(default=False, help_text="Ordered by the room when its session ended.")
    ordered_by = models.CharField(max_length=280, editable=False)
    failed_because = models.CharField(max_length=500, blank=True, editable=False)
    completion_told = models.BooleanField(default=False, editable=False)
    failure_told = models.BooleanField(default=False, editable=False)
    ask_due_at = models.DateTimeField(
        null=True, editable=False, db_index=True, help_text="When Telnyx is next asked how far it is."
    )

    objects = FootageQuerySet["Composition"].as_manager()

    class Meta:
        ordering = ["-seen_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(is_automatic=True),
                name="a_session_is_composed_by_itself_once",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-seen_at"], name="compositions_of_tenant"),
            models.Index(
                fields=["tenant", "expires_at"], condition=Q(state="kept"), name="compositions_expire"
            ),
            models.Index(fields=["room"], condition=Q(state="kept"), name="kept_compositions"),
            models.Index(
                fields=["seen_at"],
                condition=Q(completed_at=None, state="kept", failed_because=""),
                name="compositions_in_the_making",
            ),
            models.Index(fields=["seen_at"], condition=UNTOLD, name="untold_compositions"),
        ]

    def __str__(self) -> str:
        return f"composition of {self.session}"
