from django.db import models
from django.db.models import F


class Tally(models.Model):
    """How often something happened in this house, whichever process met it. Metrics show it; nothing decides by it."""

    class Name(models.TextChoices):
        DRIFT_HEALED = "drift_healed", "Facts that no webhook had told, found by asking Telnyx."
        ORPHANS_DELETED = "orphans_deleted", "Telnyx rooms of ours that nothing needed any more, deleted."
        FOOTAGE_VANISHED = (
            "footage_vanished",
            "Recordings and compositions that Telnyx had no more, though nobody here deleted them.",
        )
        ROOMS_VANISHED = "rooms_vanished", "Telnyx rooms of ours that somebody else deleted."

    name = models.CharField(max_length=40, primary_key=True, choices=Name)
    value = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"

    @classmethod
    def add(cls, name: Name, by: int = 1) -> None:
        """Count `by` more."""
        cls.objects.get_or_create(name=name)
        cls.objects.filter(name=name).update(value=F("value") + by)
