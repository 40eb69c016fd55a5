"""What staff may do in a room follows from their role in it, as over REST."""

import pytest
from django.test import Client
from django.urls import reverse

from rooms.models import Member, Role, Room
from tests.admin.filling import Filled, fill
from tests.admin.forms import act_path, change_path, errors, send
from tests.cast import Company


@pytest.fixture
def others(acme: Company) -> Filled:
    """A room of acme's in which ana has no part."""
    return fill(acme, "others")


def test_staff_see_a_room_they_do_not_moderate_and_change_nothing_in_it(ana: Client, others: Filled) -> None:
    page = ana.get(change_path("rooms_room", others.room))
    assert page.status_code == 200
    assert page.context["acts"] == []
    assert "related" not in page.context
    assert ana.post(change_path("rooms_room", others.room), {"unique_name": "mine"}).status_code == 403
    assert ana.post(act_path("rooms_room", others.room, "lock")).status_code == 403


@pytest.mark.parametrize(
    "page",
    ["rooms_member", "rooms_ban", "rooms_operation", "rooms_session", "rooms_participant", "tokens_grant"],
)
def test_what_is_in_a_room_is_for_its_moderators(page: str, ana: Client, others: Filled) -> None:
    assert ana.get(change_path(page, others.pages[page])).status_code == 302
    assert (
        ana.get(reverse(f"admin:{page}_changelist")).context["cl"].queryset.filter(room=others.room).count()
        == 0
    )


def test_a_participant_on_the_staff_is_no_moderator(ana: Client, others: Filled) -> None:
    Member.objects.create(tenant=others.room.tenant, room=others.room, identity="ana", role=Role.PARTICIPANT)
    assert ana.post(act_path("rooms_room", others.room, "lock")).status_code == 403


def test_a_moderator_of_a_room_whose_role_is_taken_away_is_shut_out_at_once(ana: Client, demo: Room) -> None:
    assert ana.get(act_path("rooms_room", demo, "lock")).status_code == 200
    Member.objects.filter(room=demo, identity="ana").update(role=Role.PARTICIPANT)
    assert ana.post(act_path("rooms_room", demo, "lock")).status_code == 403


def test_a_room_one_does_not_moderate_cannot_be_chosen(ana: Client, others: Filled) -> None:
    answer = send(ana, reverse("admin:rooms_ban_add"), room=str(others.room.pk), identity="bo")
    assert "room" in errors(answer)


def test_what_only_back_ends_may_change_is_not_in_a_moderators_form(ana: Client, demo: Room) -> None:
    send(ana, change_path("rooms_room", demo), access="tenant", webhook_event_url="https://evil.example/")
    demo.refresh_from_db()
    assert (demo.access, demo.webhook_event_url) == ("members", "")


def test_staff_neither_make_nor_delete_rooms(ana: Client, demo: Room) -> None:
    assert ana.get(reverse("admin:rooms_room_add")).status_code == 403
    assert ana.post(act_path("rooms_room", demo, "remove")).status_code == 403
    demo.refresh_from_db()
    assert demo.deleted_at is None


def test_nobody_has_djangos_way_to_delete(olga: Client, demo: Room) -> None:
    member = Member.objects.get(room=demo, identity="bo")
    for page, row in (("rooms_room", demo), ("rooms_member", member), ("tenants_tenant", demo.tenant)):
        assert olga.post(reverse(f"admin:{page}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
        bulk = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
        olga.post(reverse(f"admin:{page}_changelist"), bulk)
        assert type(row).objects.filter(pk=row.pk).exists()
