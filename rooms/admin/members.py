"""The pages of members."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from rooms import keeping
from rooms.admin.bodies import BodyForm
from rooms.admin.room_bound import RoomBoundAdmin
from rooms.models import Member, Role
from rooms.serializers import MemberBody, MemberChange
from videobroker.admin.acts import Act
from videobroker.admin.callers import caller_of
from videobroker.admin.showing import moment, state
from videobroker.admin.site import console
from videobroker.tenants.callers import Caller


def _remove(caller: Caller, member: Member, now: datetime) -> str:
    identity = member.identity
    keeping.remove_member(caller, member)
    return f"“{identity}” is no member of “{member.room}” any more."


class MemberForm(BodyForm):
    """A member as the API takes one."""

    body = MemberBody
    change_body = MemberChange


@admin.register(Member, site=console)
class MemberAdmin(RoomBoundAdmin):
    """Who may enter a room. A person's membership of another room is another member."""

    form = MemberForm
    is_editable = True
    add_label = "Add a member"
    acts = (
        Act(
            "remove",
            "Remove",
            "{row} is no member any more: their next mint or refresh is refused, unless the room is open to the "
            "whole tenant. To keep them out in any case, ban them.",
            _remove,
            is_grave=True,
            leaves=True,
        ),
    )
    list_display = [
        "identity", "room", state("role", {Role.MODERATOR.value: "busy"}), "display_name", moment("created_at"),
    ]  # fmt: skip
    list_filter = ["role"]
    search_fields = ["identity", "display_name", "room__unique_name"]
    search_help_text = "Part of an identity, of a shown name, or of a room's name."
    empty_advice = (
        "No members. Add one here, or with POST /v2/rooms/{id}/members; members may enter the room."
    )
    fields = ["room", "identity", "role", "display_name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and self._may_write(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["room", "identity"] if obj else []

    def save_model(self, request: HttpRequest, obj: Member, form: Any, change: bool) -> None:
        values = form.values
        caller = caller_of(request, obj.room.tenant)
        if change:
            keeping.change_member(caller, Member.objects.get(pk=obj.pk), values)
        else:
            keeping.add_member(caller, obj.room, {"id": obj.pk, **values})

    def history_of(self, row: Member) -> Q:
        return Q(room_id=row.room_id, subject_kind="identity", subject=row.identity)
