import uuid
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from videobroker import outbound
from videobroker.tenants import jwks, login_tokens
from videobroker.tenants.sealing import SealedAttribute


class Algorithm(models.TextChoices):
    RS256 = "RS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"
    HS256 = "HS256"


class IdentityProvider(models.Model):
    """Whose JWTs a tenant's people sign in with. Nothing in a token chooses what is trusted; this row does."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="identity_providers")
    issuer = models.CharField(max_length=255, help_text="The `iss` of its tokens, to the letter.")
    audience = models.CharField(max_length=255, help_text="The `aud` its tokens for us carry.")
    algorithm = models.CharField(
        max_length=10, choices=Algorithm, help_text="The one algorithm that is accepted."
    )
    sealed_secret = models.TextField(blank=True, editable=False)
    keys = models.JSONField(null=True, blank=True, help_text="Its public keys as a JWK set, given here.")
    jwks_url = models.CharField(max_length=500, blank=True, help_text="Or where they are: an https address.")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    secret = SealedAttribute("sealed_secret")

    class Meta:
        ordering = ["tenant", "issuer"]
        constraints = [
            # One pair belongs to one tenant: else a token would name two persons.
            models.UniqueConstraint(
                fields=["issuer", "audience"], name="one_provider_per_issuer_and_audience"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issuer} → {self.audience}"

    def clean(self) -> None:
        """Exactly one source of keys, of the kind the algorithm needs."""
        wants_secret = self.algorithm == Algorithm.HS256
        given = [bool(self.sealed_secret), bool(self.keys), bool(self.jwks_url)]
        if sum(given) != 1 or wants_secret != given[0]:
            wanted = "a shared secret" if wants_secret else "either a JWK set or a JWKS address"
            raise ValidationError(f"{self.algorithm} needs {wanted}, and nothing else")
        if wants_secret and self.secret is not None and len(self.secret.reveal().encode()) < 32:
            raise ValidationError("a shared secret has at least 32 bytes")
        if self.jwks_url:
            self._clean_address(self.jwks_url)
        if self.keys is not None:
            self._clean_keys(self.keys)

    def _clean_address(self, url: str) -> None:
        """As far as it can be told without a connection; private addresses are an operator's to allow, at each one."""
        try:
            outbound.Target.parse(url, outbound.AddressPolicy(allow_private=True))
        except outbound.AddressRefused as refused:
            raise ValidationError({"jwks_url": refused.why}) from refused

    def _clean_keys(self, keys: Any) -> None:
        try:
            jwks.KeySet.parse(keys)
        except jwks.JwksError as error:
            raise ValidationError({"keys": str(error)}) from error

    def trusted(self) -> login_tokens.TrustedIssuer:
        """What `login_tokens.verify` needs to know of this provider."""
        return login_tokens.TrustedIssuer(
            issuer=self.issuer,
            audience=self.audience,
            algorithm=cast("login_tokens.Algorithm", self.algorithm),
            secret=self.secret,
            keys=self.keys,
            jwks_url=self.jwks_url or None,
        )
