"""Whom an order is about, and what came of ordering it."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rooms.serializers.bans import BanRecord, BanTermsBody
from rooms.serializers.fields import IdentityField
from videobroker.api import examples
from videobroker.api.serializers import Body, wrong_type


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "pattern": "^all$"},
            {"type": "array", "items": {"type": "string", "format": "uuid"}, "minItems": 1, "maxItems": 1000},
        ],
        "description": "`all`, or participants by their ids.",
    }
)
class WhomField(serializers.Field[Any, Any, Any, Any]):
    """`"all"`, or a list of participant ids."""

    default_error_messages = {"invalid": 'give "all" or a list of participant ids'}

    def to_internal_value(self, data: Any) -> str | list[UUID]:
        if data == "all":
            return "all"
        ids = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=1000)
        if not isinstance(data, list):
            self.fail("invalid")
        wrong: Any = wrong_type(ids, data)
        if wrong:
            raise serializers.ValidationError(wrong)
        found: list[UUID] = ids.run_validation(data)
        return found

    def to_representation(self, value: Any) -> Any:
        return value


class AimBody(Body):
    """Whom an order is about. Nobody named means everybody."""

    examples = {
        "everybody but one": {"participants": "all", "exclude": [examples.PARTICIPANT_ID]},
        "one participant": {"participants": [examples.PARTICIPANT_ID]},
        "somebody, on every device": {"identities": ["bo"]},
    }
    participants = WhomField(required=False)
    identities = serializers.ListField(
        child=IdentityField(),
        required=False,
        allow_empty=False,
        max_length=1000,
        help_text="Or people, as you name them.",
    )
    exclude = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=1000,
        help_text="Participants it is not about.",
    )


class KickBody(AimBody):
    """Whom to kick, and whether to keep them out."""

    examples = {
        "one participant": {"participants": [examples.PARTICIPANT_ID]},
        "somebody, for good": {"identities": ["dee"], "ban": {"reason": "asked to leave"}},
    }
    ban = BanTermsBody(required=False, allow_null=True)


class OrderedRecord(serializers.Serializer[Any]):
    """An order was written; follow it at /v2/operations/{operation_id}. `bans` is there if it banned anybody."""

    example = {"result": "ok", "operation_id": examples.OPERATION_ID}
    result = serializers.CharField()
    operation_id = serializers.UUIDField()
    bans = BanRecord(many=True, required=False)
