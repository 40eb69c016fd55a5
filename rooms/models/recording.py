from django.db import models
from django.db.models import Q

from rooms.models.deletion import Deletion
from rooms.models.footage import Footage, FootageQuerySet

# What is known of a recording, and was not told to the tenant's back end yet.
UNTOLD = Q(start_told=False) | Q(completed_at__isnull=False, completion_told=False)


class Recording(Footage):
    """One participant's audio or video, mirrored from Telnyx. Whose it is follows from the participant."""

    class Type(models.TextChoices):
        AUDIO = "audio"
        VIDEO = "video"

    kind = Deletion.Kind.RECORDING

    telnyx_id = models.UUIDField(unique=True, editable=False)
    participant = models.ForeignKey("rooms.Participant", on_delete=models.CASCADE, related_name="recordings")
    type = models.CharField(max_length=10, choices=Type)
    codec = models.CharField(max_length=40, blank=True)
    start_told = models.BooleanField(default=False, editable=False, help_text="To the tenant's back end.")
    completion_told = models.BooleanField(default=False, editable=False)

    objects = FootageQuerySet["Recording"].as_manager()

    class Meta:
        ordering = ["-seen_at", "id"]
        indexes = [
            models.Index(fields=["tenant", "-seen_at"], name="recordings_of_tenant"),
            models.Index(
                fields=["tenant", "expires_at"], condition=Q(state="kept"), name="recordings_expire"
            ),
            models.Index(fields=["room"], condition=Q(state="kept"), name="kept_recordings"),
            models.Index(fields=["seen_at"], condition=UNTOLD, name="untold_recordings"),
            models.Index(fields=["started_at"], condition=Q(state="kept"), name="kept_recordings_by_start"),
        ]

    def __str__(self) -> str:
        return f"{self.type} of {self.participant}"
