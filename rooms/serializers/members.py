"""Members as callers read and write them."""

from rest_framework import serializers

from rooms.models import Member, Role
from rooms.serializers.fields import DisplayNameField, IdentityField, Record
from videobroker.api import examples
from videobroker.api.serializers import Body


class MemberRecord(Record):
    """Somebody who may enter a room."""

    record_type_name = "room_member"
    example = {
        "id": examples.MEMBER_ID,
        "record_type": "room_member",
        "room_id": examples.ROOM_ID,
        "identity": "dee",
        "role": "moderator",
        "display_name": "Dee",
        "created_at": examples.MADE_AT,
        "updated_at": examples.MADE_AT,
    }

    class Meta:
        model = Member
        fields = [
            "id",
            "record_type",
            "room_id",
            "identity",
            "role",
            "display_name",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class MemberBody(Body):
    """A new member."""

    examples = {
        "somebody who takes part": {"identity": "bo"},
        "somebody who moderates": {"identity": "dee", "role": "moderator", "display_name": "Dee"},
    }
    identity = IdentityField()
    role = serializers.ChoiceField(Role.choices, default=Role.PARTICIPANT)
    display_name = DisplayNameField(default="")


class MemberChange(Body):
    """What can change about a member; another identity is another member."""

    examples = {"another role": {"role": "moderator"}, "another name": {"display_name": "Dee D."}}
    role = serializers.ChoiceField(Role.choices, required=False)
    display_name = DisplayNameField(required=False)
