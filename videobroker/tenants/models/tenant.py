import uuid

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now

from videobroker.tenants.origins import validate_origins


class TenantStatus(models.TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class IdentityMode(models.TextChoices):
    """What happens to a participant whose context does not say credibly who they are."""

    OBSERVE = "observe", "Record it"
    FLAG = "flag", "Flag it to moderators"
    ENFORCE = "enforce", "Remove them"


class RefreshStrategy(models.TextChoices):
    """How a client token is renewed at Telnyx (docs/decisions/0005-refreshing.md)."""

    REMINT = "remint", "Mint a new token, keep no refresh token of Telnyx's"
    UPSTREAM = "upstream", "Keep Telnyx's refresh token encrypted and use it"


def _secs(floor: int, ceiling: int) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(floor), MaxValueValidator(ceiling)]


class Tenant(models.Model):
    """A company that uses videobroker. Nothing of one tenant exists for another."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=50, unique=True, validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]*$")])
    name = models.CharField(max_length=100)
    status = models.CharField(max_length=10, choices=TenantStatus, default=TenantStatus.ACTIVE)
    account = models.ForeignKey("tenants.Account", on_delete=models.PROTECT, related_name="tenants")
    allowed_origins = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_origins],
        help_text='Browser origins that may call us, exactly as browsers send them: ["https://app.example.com"].',
    )

    client_token_ttl_secs = models.PositiveIntegerField(
        default=120, validators=_secs(10, 3600), help_text="Life of a client token when none is asked for."
    )
    client_token_max_ttl_secs = models.PositiveIntegerField(
        default=3600, validators=_secs(10, 3600), help_text="The longest client token that may be asked for."
    )
    refresh_token_ttl_secs = models.PositiveIntegerField(
        default=3600, validators=_secs(60, 86400), help_text="How long a refresh token may lie unused."
    )
    grant_ttl_secs = models.PositiveIntegerField(
        default=43200,
        validators=_secs(60, 604800),
        help_text="How long one admission can be refreshed at all.",
    )
    refresh_needs_login = models.BooleanField(
        default=True, help_text="Whether refreshing needs the person's login beside the refresh token."
    )
    refresh_strategy = models.CharField(
        max_length=10, choices=RefreshStrategy, default=RefreshStrategy.REMINT
    )
    identity_mode = models.CharField(max_length=10, choices=IdentityMode, default=IdentityMode.FLAG)
    recording_retention_days = models.PositiveIntegerField(default=30, validators=_secs(1, 36500))
    max_rooms = models.PositiveIntegerField(default=10_000)
    mints_per_minute = models.PositiveIntegerField(default=600)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)

    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.slug

    @property
    def is_suspended(self) -> bool:
        return self.status == TenantStatus.SUSPENDED
