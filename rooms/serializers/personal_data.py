"""What an export of a person holds, for the OpenAPI document. It is written piece by piece (`exporting`), each row as
these records show it."""

from typing import Any

from rest_framework import serializers

from rooms.delivery_serializers import DeliveryRecord
from rooms.serializers.bans import BanRecord
from rooms.serializers.compositions import CompositionRecord
from rooms.serializers.deletions import DeletionRecord
from rooms.serializers.erasures import ErasureRecord
from rooms.serializers.holds import HoldRecord
from rooms.serializers.members import MemberRecord
from rooms.serializers.operations import OperationRecord
from rooms.serializers.recordings import RecordingRecord
from rooms.serializers.sessions import ParticipantRecord
from videobroker.api import examples


class ToldDeliveryRecord(DeliveryRecord):
    """A webhook, and what it says."""

    class Meta(DeliveryRecord.Meta):
        fields = [*DeliveryRecord.Meta.fields, "payload"]
        read_only_fields = fields


class PersonalDataRecord(serializers.Serializer[Any]):
    """All that is kept about a person, by kind, the oldest first."""

    example = {
        "record_type": "personal_data",
        "identity": "bo",
        "tenant": "acme",
        "exported_at": examples.CLOSES_AT,
        "users": [],
        "sign_ins": [],
        "members": [MemberRecord.example],
        "bans": [],
        "grants": [],
        "participants": [ParticipantRecord.example],
        "removals": [],
        "recordings": [RecordingRecord.example],
        "compositions": [],
        "deletions": [],
        "holds": [],
        "operations": [],
        "webhook_deliveries": [],
        "audit_entries": [],
        "erasures": [],
    }
    record_type = serializers.ChoiceField(["personal_data"])
    identity = serializers.CharField()
    tenant = serializers.CharField()
    exported_at = serializers.DateTimeField()
    users = serializers.ListField(child=serializers.DictField(), help_text="Whom they sign in here as.")
    sign_ins = serializers.ListField(
        child=serializers.DictField(),
        help_text="When they signed in here or failed to, from which address and with which browser.",
    )
    members = MemberRecord(many=True)
    bans = BanRecord(many=True)
    grants = serializers.ListField(child=serializers.DictField(), help_text="As /v2/grants shows them.")
    participants = ParticipantRecord(many=True)
    removals = serializers.ListField(
        child=serializers.DictField(),
        help_text="When they were put out of which room, and until when that is watched.",
    )
    recordings = RecordingRecord(many=True)
    compositions = CompositionRecord(many=True)
    deletions = DeletionRecord(many=True)
    holds = HoldRecord(many=True)
    operations = OperationRecord(many=True)
    webhook_deliveries = ToldDeliveryRecord(many=True)
    audit_entries = serializers.ListField(
        child=serializers.DictField(), help_text="By them and about them, as /v2/audit_entries shows them."
    )
    erasures = ErasureRecord(many=True)
