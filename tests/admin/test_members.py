"""Members, kept through the console."""

from django.test import Client
from django.urls import reverse

from rooms.models import Member, Room
from tests.admin.forms import act_path, change_path, errors, send
from tests.cast import Company
from videobroker.tenants.models import AuditEntry

ADD = "admin:rooms_member_add"


def test_a_moderator_adds_a_member_who_may_then_enter(ana: Client, acme: Company, demo: Room) -> None:
    answer = send(ana, f"{reverse(ADD)}?room={demo.pk}", identity="cy", display_name="Cy\u200b the third")
    assert answer.status_code == 302
    assert Member.objects.get(room=demo, identity="cy").display_name == "Cy the third"
    assert acme.person("cy").post(f"/v2/rooms/{demo.pk}/actions/generate_join_client_token").status == 201
    entry = AuditEntry.objects.get(action="member.added", subject="cy")
    assert (entry.actor_kind, entry.actor, entry.room_id) == ("identity", "ana", demo.pk)


def test_an_operator_adds_a_member_in_the_rooms_tenant(olga: Client, acme: Company, demo: Room) -> None:
    send(olga, reverse(ADD), room=str(demo.pk), identity="cy")
    assert Member.objects.get(room=demo, identity="cy").tenant == acme.row
    assert AuditEntry.objects.get(action="member.added", subject="cy").tenant == acme.row


def test_a_second_membership_is_refused_at_the_form(ana: Client, demo: Room) -> None:
    answer = send(ana, reverse(ADD), room=str(demo.pk), identity="bo")
    assert errors(answer)
    assert Member.objects.filter(room=demo, identity="bo").count() == 1


def test_an_identity_with_invisible_characters_is_refused_at_the_field(ana: Client, demo: Room) -> None:
    assert "identity" in errors(send(ana, reverse(ADD), room=str(demo.pk), identity="b\u200bo"))


def test_a_role_is_changed_and_an_identity_is_not(ana: Client, demo: Room) -> None:
    member = Member.objects.get(room=demo, identity="bo")
    assert send(ana, change_path("rooms_member", member), role="moderator", identity="cy").status_code == 302
    member.refresh_from_db()
    assert (member.identity, member.role) == ("bo", "moderator")
    assert AuditEntry.objects.filter(action="member.changed", subject="bo", actor="ana").exists()


def test_a_removed_member_gets_no_token(ana: Client, acme: Company, demo: Room) -> None:
    member = Member.objects.get(room=demo, identity="bo")
    answer = ana.post(act_path("rooms_member", member, "remove"), follow=True)
    assert "“bo” is no member of “demo” any more" in answer.content.decode()
    mint = acme.person("bo").post(f"/v2/rooms/{demo.pk}/actions/generate_join_client_token")
    assert mint.refusal == (403, "not_a_member")
    assert AuditEntry.objects.filter(action="member.removed", subject="bo", actor="ana").exists()
