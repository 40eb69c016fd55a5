"""The rooms' resources as callers read and write them: Telnyx's fields under Telnyx's names, ours beside them."""

from rooms.serializers.bans import BanBody, BanRecord, BanTermsBody, TenantBanBody
from rooms.serializers.fields import DisplayNameField, IdentityField, Record, WebhookUrlField, check_identity
from rooms.serializers.members import MemberBody, MemberChange, MemberRecord
from rooms.serializers.moderation import AimBody, KickBody, OrderedRecord, WhomField
from rooms.serializers.operations import FollowedOperationRecord, OperationRecord
from rooms.serializers.rooms import RoomBody, RoomRecord
from rooms.serializers.sessions import ParticipantRecord, SessionRecord

__all__ = [
    "AimBody",
    "BanBody",
    "BanRecord",
    "BanTermsBody",
    "DisplayNameField",
    "FollowedOperationRecord",
    "IdentityField",
    "KickBody",
    "MemberBody",
    "MemberChange",
    "MemberRecord",
    "OperationRecord",
    "OrderedRecord",
    "ParticipantRecord",
    "Record",
    "RoomBody",
    "RoomRecord",
    "SessionRecord",
    "TenantBanBody",
    "WebhookUrlField",
    "WhomField",
    "check_identity",
]
