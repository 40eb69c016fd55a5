import uuid

from django.db import models
from django.db.models.functions import Now


class Removal(models.Model):
    """The fact that somebody was put out: what was granted to them before does not let them in again.

    It is about one grant, or about all grants of an identity in the room. `watched_until_at` is when the last client
    token is over that they may still hold; until then whoever returns with it is put out again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="removals")
    identity = models.CharField(max_length=255, null=True)
    grant_id = models.UUIDField(null=True)
    removed_at = models.DateTimeField()
    watched_until_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-removed_at"]
        indexes = [
            models.Index(fields=["room", "identity"], name="removals_of_identity"),
            models.Index(fields=["watched_until_at"], name="removals_watched"),
        ]

    def __str__(self) -> str:
        return f"{self.identity or self.grant_id} from {self.room_id}"
