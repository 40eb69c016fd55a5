"""Choosing a room or a tenant, be there few or many."""

from typing import Any

import pytest
from django.contrib.admin.widgets import AutocompleteSelect
from django.test import Client
from django.urls import reverse

from rooms.models import Member, Room
from tests.admin.filling import fill
from tests.admin.forms import send
from tests.cast import Company
from videobroker.admin.choosing import MOST_OFFERED
from videobroker.tenants.models import Tenant

ADD = "/admin/rooms/member/add/"


@pytest.fixture
def many(acme: Company) -> list[Room]:
    """More rooms of ana's than a list should offer."""
    rooms = [
        Room(tenant=acme.row, account=acme.row.account, unique_name=f"many x{number:03}")
        for number in range(MOST_OFFERED + 1)
    ]
    Room.objects.bulk_create(rooms)
    members = [Member(tenant=acme.row, room=each, identity="ana", role="moderator") for each in rooms]
    Member.objects.bulk_create(members)
    return rooms


def typed(browser: Client, term: str) -> list[str]:
    """What is offered to somebody who types this where a member's room is asked for."""
    query = {"app_label": "rooms", "model_name": "member", "field_name": "room", "term": term}
    results: list[dict[str, Any]] = browser.get(reverse("admin:autocomplete"), query).json()["results"]
    return [each["text"] for each in results]


def room_field(browser: Client) -> Any:
    return browser.get(ADD).context["adminform"].form.fields["room"]


def test_an_operator_is_told_whose_a_room_is(olga: Client, demo: Room, globex: Company) -> None:
    Room.objects.create(tenant=globex.row, account=globex.row.account, unique_name="demo")
    assert {text for _, text in room_field(olga).choices} >= {"demo · Acme", "demo · Globex"}
    assert set(typed(olga, "demo")) == {"demo · Acme", "demo · Globex"}


def test_a_moderator_knows_whose_it_is(ana: Client, demo: Room) -> None:
    assert "demo" in {text for _, text in room_field(ana).choices}
    assert typed(ana, "demo") == ["demo"]


def test_a_moderator_is_offered_the_rooms_they_moderate_and_no_others(
    ana: Client, demo: Room, acme: Company
) -> None:
    others = fill(acme, "others").room
    assert typed(ana, "") == ["demo"]
    assert typed(ana, str(others.unique_name)) == []


def test_few_rooms_are_listed_and_many_are_found_by_typing(ana: Client, demo: Room, many: list[Room]) -> None:
    assert isinstance(room_field(ana).widget.widget, AutocompleteSelect)
    assert typed(ana, "many x007") == ["many x007"]  # no id has an x
    assert send(ana, ADD, room=str(many[7].pk), identity="dee").status_code == 302
    Room.objects.filter(pk__in=[each.pk for each in many]).delete()
    assert not isinstance(room_field(ana).widget.widget, AutocompleteSelect)


def test_a_filter_offers_the_first_of_many_and_the_one_that_is_chosen(olga: Client, acme: Company) -> None:
    tenants = [
        Tenant(slug=f"t{number:03}", name=f"t{number:03}", account=acme.row.account)
        for number in range(MOST_OFFERED * 2)
    ]
    Tenant.objects.bulk_create(tenants)
    path, last = reverse("admin:rooms_room_changelist"), tenants[-1]
    assert last.name not in olga.get(path).content.decode()
    chosen = olga.get(path, {"tenant__id__exact": str(last.pk)})
    assert chosen.status_code == 200
    assert last.name in chosen.content.decode()
    assert olga.get(path, {"tenant__id__exact": "no id"}, follow=True).status_code == 200
