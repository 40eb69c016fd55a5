"""The audit in the console: who did what in the rooms that one moderates."""

import pytest
from django.test import Client
from django.urls import reverse

from rooms.models import Member, Room
from tests.cast import Company
from videobroker.tenants.models import AuditEntry

LIST = "admin:tenants_auditentry_changelist"


def entry_about(room: Room, action: str) -> AuditEntry:
    return AuditEntry.objects.create(
        tenant=room.tenant,
        actor_kind="operator",
        actor="olga",
        action=action,
        room_id=room.pk,
        address="203.0.113.9",
    )


@pytest.mark.usefixtures("acme")
def test_a_moderator_reads_what_was_done_in_her_room(ana: Client, demo: Room) -> None:
    entry = entry_about(demo, "room.sealed")
    assert "room.sealed" in ana.get(reverse(LIST)).content.decode()
    page = ana.get(reverse("admin:tenants_auditentry_change", args=[entry.pk]))
    assert page.status_code == 200
    assert "olga" in page.content.decode()


@pytest.mark.usefixtures("acme")
def test_a_moderator_does_not_learn_where_anybody_sits(ana: Client, olga: Client, demo: Room) -> None:
    path = reverse("admin:tenants_auditentry_change", args=[entry_about(demo, "room.sealed").pk])
    for page in (reverse(LIST), path):
        assert "203.0.113.9" not in ana.get(page).content.decode()
    assert "203.0.113.9" in olga.get(path).content.decode()


@pytest.mark.usefixtures("demo")
def test_the_audit_of_a_room_that_she_does_not_moderate_is_not_there(ana: Client, acme: Company) -> None:
    other = Room.objects.get(pk=acme.new_room({"bo": "moderator"})["id"])
    entry = entry_about(other, "room.sealed")
    assert "room.sealed" not in ana.get(reverse(LIST)).content.decode()
    assert ana.get(reverse("admin:tenants_auditentry_change", args=[entry.pk])).status_code == 302


def test_who_moderates_no_more_reads_no_more(ana: Client, demo: Room) -> None:
    entry_about(demo, "room.sealed")
    Member.objects.filter(room=demo, identity="ana").update(role="participant")
    assert "room.sealed" not in ana.get(reverse(LIST)).content.decode()
