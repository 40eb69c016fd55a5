"""Legal holds in the console, placed and lifted by the same rules as over REST."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rooms.models import Hold, Recording
from tests.admin.filling import fill
from tests.admin.forms import act_path, change_path, errors, send
from tests.cast import Company
from tests.rooms.ageing import days_pass, purge_all
from tests.rooms.films import Studio, studio
from tests.scenes import remembered
from videobroker.tenants.models import AuditEntry

__all__ = ["studio"]
ADD = "admin:rooms_hold_add"
LIST = "admin:rooms_hold_changelist"


@pytest.fixture
@remembered
def film(studio: Studio) -> Recording:
    return studio.recorded("bo")


def test_a_room_that_a_moderator_holds_loses_nothing_until_an_operator_lifts_it(
    ana: Client, olga: Client, studio: Studio, film: Recording
) -> None:
    answer = send(ana, reverse(ADD), room=studio.room["id"], reason="case 7")
    assert answer.status_code == 302
    hold = Hold.objects.get()
    assert (str(hold.room_id), hold.holder, hold.placed_by) == (
        studio.room["id"],
        "identity:ana",
        "identity:ana",
    )
    days_pass(40)
    purge_all()
    assert studio.is_at_telnyx(film)
    assert ana.post(act_path("rooms_hold", hold, "lift")).status_code == 403
    olga.post(act_path("rooms_hold", hold, "lift"))
    purge_all()
    assert not studio.is_at_telnyx(film)
    entries = AuditEntry.objects.filter(action__in=["hold.placed", "hold.lifted"]).order_by("occurred_at")
    assert [(entry.actor, entry.action) for entry in entries] == [
        ("ana", "hold.placed"),
        ("olga", "hold.lifted"),
    ]


def test_a_person_is_held_by_operators_alone(
    ana: Client, olga: Client, acme: Company, film: Recording
) -> None:
    assert "identity" not in ana.get(reverse(ADD)).context["adminform"].form.fields
    send(ana, reverse(ADD), room=str(film.room_id), identity="bo", reason="case 7")
    assert not Hold.objects.exclude(identity=None).exists()
    send(olga, reverse(ADD), identity="bo", tenant=str(acme.row.pk), reason="case 8")
    film.refresh_from_db()
    assert film.held
    assert Hold.objects.get(identity="bo").tenant == acme.row


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reason": "x"}, "room"),
        ({"reason": "x", "identity": "bo"}, "tenant"),
        ({"identity": "bo"}, "reason"),
        ({"identity": "erased:0123", "reason": "x"}, "identity"),
    ],
)
def test_a_hold_covers_one_thing_and_says_why(
    given: dict[str, Any], field: str, olga: Client, film: Recording
) -> None:
    assert field in errors(send(olga, reverse(ADD), **given))
    assert not Hold.objects.exists()


def test_a_room_and_a_person_at_once_are_too_much(olga: Client, film: Recording) -> None:
    answer = send(olga, reverse(ADD), room=str(film.room_id), identity="bo", reason="x")
    assert "room" in errors(answer)
    assert not Hold.objects.exists()


def test_a_room_of_another_tenant_than_the_person_is_refused(
    olga: Client, film: Recording, globex: Company
) -> None:
    answer = send(olga, reverse(ADD), room=str(film.room_id), tenant=str(globex.row.pk), reason="x")
    assert "tenant" in errors(answer)


def test_moderators_find_the_holds_of_their_rooms_and_of_what_is_in_them(
    ana: Client, acme: Company, globex: Company, film: Recording, studio: Studio
) -> None:
    ours = Hold.objects.create(tenant=acme.row, recording=film, reason="ours", holder="x")
    Hold.objects.create(tenant=acme.row, identity="bo", reason="a person's", holder="x")
    fill(acme, "others")
    fill(globex, "theirs")
    answer = ana.get(reverse(LIST))
    assert [row.pk for row in answer.context["cl"].result_list] == [ours.pk]
    assert "ours" in ana.get(change_path("rooms_hold", ours)).content.decode()


def test_lifted_holds_are_one_click_away(olga: Client, acme: Company) -> None:
    hold = Hold.objects.create(tenant=acme.row, identity="bo", reason="x", holder="x")
    olga.post(act_path("rooms_hold", hold, "lift"))
    counts = {
        state: olga.get(reverse(LIST), {"state": state}).context["cl"].result_count
        for state in ("in-force", "lifted", "all")
    }
    assert counts == {"in-force": 0, "lifted": 1, "all": 1}
    assert olga.get(reverse(LIST)).context["cl"].result_count == 0


def test_what_came_too_late_is_said(ana: Client, film: Recording) -> None:
    ana.post(act_path("rooms_recording", film, "discard"))
    path = reverse(ADD)
    send(ana, path, room=str(film.room_id), reason="case 7")
    assert "came too late for 1" in ana.get("/admin/").content.decode()
    assert Hold.objects.count() == 1
