"""Bans, made and lifted through the console."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rooms.models import Ban, Room
from tests.admin.forms import act_path, change_path, errors, send
from tests.asking import Answer
from tests.cast import Company
from videobroker.tenants.models import AuditEntry

ADD = "admin:rooms_ban_add"


def bo_mints(acme: Company, room: Room) -> Answer:
    return acme.person("bo").post(f"/v2/rooms/{room.pk}/actions/generate_join_client_token")


def ban(browser: Client, **values: Any) -> Any:
    return send(browser, reverse(ADD), **values)


def test_who_is_banned_gets_no_token_until_the_ban_is_lifted(ana: Client, acme: Company, demo: Room) -> None:
    assert ban(ana, room=str(demo.pk), identity="bo", reason="shouting").status_code == 302
    assert bo_mints(acme, demo).refusal == (403, "banned")
    made = Ban.objects.get(identity="bo")
    assert (made.tenant, made.created_by) == (acme.row, "identity:ana")
    ana.post(act_path("rooms_ban", made, "lift"))
    assert bo_mints(acme, demo).status == 201
    acts = AuditEntry.objects.filter(actor="ana", subject="bo").order_by("occurred_at")
    assert [entry.action for entry in acts] == ["ban.created", "ban.lifted"]


def test_a_ban_may_end_by_itself(ana: Client, acme: Company, demo: Room) -> None:
    until = timezone.now().replace(microsecond=0) + timedelta(days=1)
    ban(ana, room=str(demo.pk), identity="bo", until=until)
    assert Ban.objects.get(identity="bo").until == until


def test_a_ban_that_would_be_over_already_is_refused_at_the_field(ana: Client, demo: Room) -> None:
    answer = ban(ana, room=str(demo.pk), identity="bo", until=timezone.now() - timedelta(days=1))
    assert errors(answer)["until"] == ["this time is over: a ban ends in the future"]


def test_a_moderator_must_name_a_room(ana: Client, demo: Room) -> None:
    assert "room" in errors(ban(ana, identity="bo"))
    assert not Ban.objects.exists()


def test_an_operator_bans_from_all_rooms_of_a_tenant(olga: Client, acme: Company, demo: Room) -> None:
    assert ban(olga, tenant=str(acme.row.pk), identity="bo").status_code == 302
    assert Ban.objects.get().room is None
    assert bo_mints(acme, demo).refusal == (403, "banned")


def test_an_operator_names_a_room_or_a_tenant_that_fits(
    olga: Client, acme: Company, globex: Company, demo: Room
) -> None:
    assert "room" in errors(ban(olga, identity="bo"))
    assert "tenant" in errors(ban(olga, identity="bo", room=str(demo.pk), tenant=str(globex.row.pk)))
    assert not Ban.objects.exists()


def test_a_ban_from_all_rooms_is_not_a_moderators_to_lift(ana: Client, acme: Company, demo: Room) -> None:
    everywhere = Ban.objects.create(tenant=acme.row, identity="bo", created_by="api_key:x")
    assert ana.post(act_path("rooms_ban", everywhere, "lift")).status_code == 404
    assert ana.get(change_path("rooms_ban", everywhere)).status_code == 302


def test_a_ban_is_not_changed(olga: Client, demo: Room) -> None:
    made = Ban.objects.create(tenant=demo.tenant, room=demo, identity="bo", created_by="api_key:x")
    assert olga.post(change_path("rooms_ban", made), {"identity": "cy"}).status_code == 403


def test_bans_are_filtered_by_whether_they_hold(ana: Client, demo: Room) -> None:
    now = timezone.now()
    kinds = {"holds": {}, "lifted": {"lifted_at": now}, "over": {"until": now - timedelta(1)}}
    for identity, values in kinds.items():
        Ban.objects.create(tenant=demo.tenant, room=demo, identity=identity, created_by="x", **values)
    path = reverse("admin:rooms_ban_changelist")
    shown = {
        state: ana.get(path, {"state": state}).context["cl"].result_list for state in ("in-force", "over")
    }
    assert {each.identity for each in shown["in-force"]} == {"holds"}
    assert {each.identity for each in shown["over"]} == {"lifted", "over"}


def test_a_moderator_who_is_banned_neither_lifts_nor_makes_bans(
    ana: Client, acme: Company, demo: Room
) -> None:
    acme.back_end.post(f"/v2/rooms/{demo.pk}/bans", {"identity": "ana"})
    hers = Ban.objects.get()
    ana.post(act_path("rooms_ban", hers, "lift"))
    ban(ana, room=str(demo.pk), identity="bo")
    hers.refresh_from_db()
    assert hers.lifted_at is None
    assert Ban.objects.count() == 1
