"""Rooms, kept through the console: the same rules, orders and audit as over REST."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rooms.models import Operation, Room
from tests.admin.filling import fill
from tests.admin.forms import act_path, change_path, errors, send
from tests.cast import Company
from videobroker.tenants.models import AuditEntry, Tenant


def audited(room: Room) -> list[tuple[str, str, str]]:
    """What was done to the room in the console."""
    entries = AuditEntry.objects.filter(room_id=room.pk, actor__in=["ana", "olga"]).order_by("occurred_at")
    return [(entry.actor_kind, entry.actor, entry.action) for entry in entries]


def test_a_moderator_locks_and_unlocks(ana: Client, acme: Company, demo: Room) -> None:
    question = ana.get(act_path("rooms_room", demo, "lock"))
    assert "Nobody new may enter “demo”" in question.content.decode()
    assert ana.post(act_path("rooms_room", demo, "lock"))["Location"] == change_path("rooms_room", demo)
    mint = f"/v2/rooms/{demo.pk}/actions/generate_join_client_token"
    assert acme.person("bo").post(mint).refusal == (403, "locked")
    ana.post(act_path("rooms_room", demo, "unlock"))
    assert acme.person("bo").post(mint).status == 201
    assert audited(demo) == [("identity", "ana", "room.updated")] * 2


def test_asking_does_nothing_yet(ana: Client, demo: Room) -> None:
    ana.get(act_path("rooms_room", demo, "lock"))
    demo.refresh_from_db()
    assert not demo.locked


def test_a_button_that_no_longer_applies_says_so(ana: Client, demo: Room) -> None:
    answer = ana.post(act_path("rooms_room", demo, "unlock"), follow=True)
    assert "no longer applies" in answer.content.decode()
    assert audited(demo) == []


def test_a_moderator_sets_opening_times(ana: Client, acme: Company, demo: Room) -> None:
    opens_at = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    answer = send(ana, change_path("rooms_room", demo), opens_at=opens_at)
    assert answer.status_code == 302
    mint = acme.person("bo").post(f"/v2/rooms/{demo.pk}/actions/generate_join_client_token")
    assert mint.refusal == (403, "not_open_yet")
    assert audited(demo) == [("identity", "ana", "room.updated")]


def test_a_room_that_is_closed_has_its_telnyx_room_ordered_deleted(ana: Client, demo: Room) -> None:
    send(ana, change_path("rooms_room", demo), closes_at=timezone.now() - timedelta(minutes=1))
    assert Operation.objects.filter(room=demo, kind="delete_room", ordered_by="identity:ana").exists()


def test_seats_are_told_to_telnyx_by_an_operation(ana: Client, demo: Room) -> None:
    send(ana, change_path("rooms_room", demo), max_participants=7)
    demo.refresh_from_db()
    assert demo.max_participants == 7
    assert Operation.objects.filter(room=demo, kind="update_room", ordered_by="identity:ana").exists()


def test_saving_without_a_change_changes_nothing(ana: Client, demo: Room) -> None:
    orders = demo.orders
    assert send(ana, change_path("rooms_room", demo)).status_code == 302
    demo.refresh_from_db()
    assert (audited(demo), demo.orders) == ([], orders)


def test_a_room_that_closes_before_it_opens_is_refused_at_the_field(ana: Client, demo: Room) -> None:
    now = timezone.now()
    answer = send(
        ana, change_path("rooms_room", demo), opens_at=now + timedelta(2), closes_at=now + timedelta(1)
    )
    assert errors(answer)["closes_at"] == ["a room closes after it opens: give a later time"]


def test_too_many_seats_are_refused_at_the_field(ana: Client, demo: Room) -> None:
    assert "max_participants" in errors(send(ana, change_path("rooms_room", demo), max_participants=51))


def test_a_name_in_use_is_refused_at_the_field(ana: Client, acme: Company, demo: Room) -> None:
    taken = fill(acme, "taken").room
    answer = send(ana, change_path("rooms_room", demo), unique_name=taken.unique_name)
    assert "unique_name" in errors(answer)


def test_an_operator_makes_a_room_for_a_tenant(olga: Client, acme: Company) -> None:
    answer = send(olga, reverse("admin:rooms_room_add"), tenant=str(acme.row.pk), unique_name="fresh")
    assert answer.status_code == 302
    room = Room.objects.get(unique_name="fresh")
    assert (room.tenant, room.account) == (acme.row, acme.row.account)
    assert Operation.objects.get(room=room).ordered_by == "operator:olga"
    assert audited(room) == [("operator", "olga", "room.created")]


def test_a_tenant_with_all_its_rooms_gets_no_more(olga: Client, acme: Company) -> None:
    Tenant.objects.filter(pk=acme.row.pk).update(max_rooms=0)
    add = reverse("admin:rooms_room_add")
    answer = send(olga, add, tenant=str(acme.row.pk), unique_name="fresh")
    assert answer["Location"] == add
    assert "delete one first" in olga.get(add).content.decode()
    assert not Room.objects.filter(unique_name="fresh").exists()


def test_an_operator_deletes_a_room(olga: Client, demo: Room) -> None:
    assert "cannot be taken back" in olga.get(act_path("rooms_room", demo, "remove")).content.decode()
    answer = olga.post(act_path("rooms_room", demo, "remove"))
    assert answer["Location"] == reverse("admin:rooms_room_changelist")
    demo.refresh_from_db()
    assert demo.deleted_at is not None
    assert Operation.objects.filter(room=demo, kind="delete_room").exists()


def test_a_rooms_history_tells_who_did_what(ana: Client, demo: Room) -> None:
    ana.post(act_path("rooms_room", demo, "lock"))
    body = ana.get(reverse("admin:rooms_room_history", args=[demo.pk])).content.decode()
    assert "room.updated" in body
    assert "member.added" in body


def test_a_rooms_page_links_what_belongs_to_it_with_counts(ana: Client, acme: Company, demo: Room) -> None:
    filled = fill(acme, "more", demo)
    counts = {
        link["label"]: link["count"] for link in ana.get(change_path("rooms_room", demo)).context["related"]
    }
    assert counts["members"] == 3
    assert counts["bans"] == 1
    assert counts["grants"] == 1
    assert counts["operations"] == Operation.objects.filter(room=filled.room).count()


def test_rooms_are_filtered_by_where_they_stand(ana: Client, acme: Company, demo: Room) -> None:
    now = timezone.now()
    times = {"open": {}, "locked": {"locked": True}, "scheduled": {"opens_at": now + timedelta(1)}}
    times["closed"] = {"closes_at": now - timedelta(1)}
    for word, values in times.items():
        Room.objects.create(tenant=acme.row, account=acme.row.account, unique_name=f"is {word}", **values)
    for word in times:
        shown = ana.get(reverse("admin:rooms_room_changelist"), {"state": word}).context["cl"].result_list
        assert {room.unique_name for room in shown} - {"demo"} == {f"is {word}"}
