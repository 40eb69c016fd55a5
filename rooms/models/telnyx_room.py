import uuid

from django.db import models
from django.db.models.functions import Now


class TelnyxRoom(models.Model):
    """A Telnyx room that was made for a room of ours, past ones too: events about it may still come in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey("tenants.Account", on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="telnyx_rooms")
    telnyx_id = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            # Telnyx's ids are unique in themselves; a room of one account can still never be another tenant's.
            models.UniqueConstraint(fields=["telnyx_id"], name="a_telnyx_room_has_one_room"),
        ]

    def __str__(self) -> str:
        return str(self.telnyx_id)
