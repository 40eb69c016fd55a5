"""Bodies of minting, refreshing and revoking, and grants as callers see them."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rooms.serializers import DisplayNameField, IdentityField, Record
from tokens.minting import Minted
from tokens.models import Grant
from videobroker.api import examples
from videobroker.api.serializers import Body
from videobroker.api.times import iso


class TokenTtlField(serializers.IntegerField):
    """Life of a client token, in Telnyx's limits; the tenant's are applied on top."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=10, max_value=3600, required=False, **kwargs)


class MintBody(Body):
    """What a token may be asked for with."""

    examples = {
        "for yourself": {},
        "for a person of yours, by a back end": {
            "identity": "bo",
            "display_name": "Bo",
            "token_ttl_secs": 300,
        },
    }
    token_ttl_secs = TokenTtlField(help_text="Life of the client token in seconds; your tenant may cap it.")
    refresh_token_ttl_secs = serializers.IntegerField(min_value=60, max_value=86400, required=False)
    identity = IdentityField(
        required=False, help_text="For API keys: whom the token is for. Without it, it is the key's own."
    )
    display_name = DisplayNameField(
        required=False, help_text="Shown to others, unless the member has a name."
    )


class RefreshBody(Body):
    """A refresh token, exactly as it was received."""

    examples = {"with the newest refresh token": {"refresh_token": "vbr_…"}}
    refresh_token = serializers.CharField(max_length=4096)
    token_ttl_secs = TokenTtlField()


class RevokeBody(Body):
    """Which grants of the room to revoke: by one of these, or several, which must then all hold."""

    examples = {
        "one device, as it leaves": {"refresh_token": "vbr_…"},
        "somebody, everywhere": {"identity": "bo"},
        "all that were given before a time": {"issued_before": "2030-01-01T09:00:00Z"},
    }
    refresh_token = serializers.CharField(max_length=4096, required=False)
    grant_id = serializers.UUIDField(required=False)
    identity = IdentityField(required=False)
    issued_before = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError(
                "say what to revoke: refresh_token, grant_id, identity or issued_before", "required"
            )
        return attrs


class MintedRecord(serializers.Serializer[Minted]):
    """A client token, and what is needed to join with it and to keep it fresh."""

    example = {
        "token": "eyJhbGciOiJIUzUxMiJ9…",
        "token_expires_at": "2030-01-01T09:12:00.000000Z",
        "refresh_token": "vbr_…",
        "refresh_token_expires_at": "2030-01-01T10:02:00.000000Z",
        "refresh_after": "2030-01-01T09:09:21.000000Z",
        "grant_id": examples.GRANT_ID,
        "telnyx_room_id": examples.TELNYX_ROOM_ID,
        "context": "eyJhbGciOiJFZERTQSJ9…",
    }
    token = serializers.CharField(help_text="Telnyx's client token: join with it, and show it to nobody.")
    token_expires_at = serializers.DateTimeField()
    refresh_token = serializers.CharField(
        help_text="Ours. Each refresh gives a new one; use that from then on."
    )
    refresh_token_expires_at = serializers.DateTimeField()
    refresh_after = serializers.DateTimeField(
        help_text="Refresh from this time on, well before the token ends."
    )
    grant_id = serializers.UUIDField()
    telnyx_room_id = serializers.UUIDField(help_text="The roomId for Telnyx's client SDK.")
    context = serializers.CharField(  # type: ignore[assignment]  # DRF takes declared fields out of the class
        help_text="Pass it as `context` when joining: it says who you are."
    )

    def to_representation(self, instance: Minted) -> dict[str, Any]:
        grant = instance.grant
        return {
            "token": instance.token.reveal(),
            "token_expires_at": iso(instance.token_expires_at),
            "refresh_token": instance.refresh_token.text().reveal(),
            "refresh_token_expires_at": iso(grant.refresh_expires_at),
            "refresh_after": iso(instance.refresh_after),
            "grant_id": str(grant.pk),
            "telnyx_room_id": instance.telnyx_room_id,
            "context": instance.context,
        }


class AccessRecord(serializers.Serializer[Any]):
    """Whether somebody would be admitted now, and why not."""

    example = {
        "record_type": "room_access",
        "room_id": examples.ROOM_ID,
        "identity": "bo",
        "admitted": False,
        "reason": "not_open_yet",
        "detail": "this room has not opened yet",
        "role": None,
        "retry_at": examples.OPENS_AT,
    }
    record_type = serializers.CharField(help_text="room_access")
    room_id = serializers.UUIDField()
    identity = serializers.CharField(allow_null=True)
    admitted = serializers.BooleanField()
    reason = serializers.CharField()
    detail = serializers.CharField()
    role = serializers.CharField(allow_null=True)
    retry_at = serializers.DateTimeField(allow_null=True)


class RevokedRecord(serializers.Serializer[Any]):
    """How many grants were revoked by this call."""

    example = {"result": "ok", "revoked": 1}
    result = serializers.CharField()
    revoked = serializers.IntegerField()


class GrantRecord(Record):
    """One admission. `state` is minting, open, expired or revoked."""

    record_type_name = "grant"
    example = {
        "id": examples.GRANT_ID,
        "record_type": "grant",
        "room_id": examples.ROOM_ID,
        "identity": "bo",
        "display_name": "Bo",
        "role": "participant",
        "state": "open",
        "device": "Mozilla/5.0",
        "created_at": examples.JOINED_AT,
        "last_refreshed_at": None,
        "client_token_expires_at": "2030-01-01T09:12:00.000000Z",
        "refresh_expires_at": "2030-01-01T10:02:00.000000Z",
        "expires_at": "2030-01-01T21:02:00.000000Z",
        "revoked_at": None,
        "revoked_because": "",
    }
    state = serializers.SerializerMethodField()

    class Meta:
        model = Grant
        fields = [
            "id", "record_type", "room_id", "identity", "display_name", "role", "state", "device", "created_at",
            "last_refreshed_at", "client_token_expires_at", "refresh_expires_at", "expires_at", "revoked_at",
            "revoked_because",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "string", "enum": ["minting", "open", "expired", "revoked"]})
    def get_state(self, grant: Grant) -> str:
        return "expired" if grant.state == Grant.State.OPEN and grant.is_over(timezone.now()) else grant.state
