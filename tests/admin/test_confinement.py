"""Nothing of another tenant is on any page, in any list of choices, behind any address."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rooms.models import Ban, Member, Operation, Room
from tests.admin.crawling import pages
from tests.admin.filling import Filled, fill
from tests.admin.forms import act_path, change_path, errors, send
from tests.cast import Company
from tokens.models import Grant

WORD = "zanzibar"
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')
ACTS = [
    ("rooms_room", "lock"),
    ("rooms_member", "remove"),
    ("rooms_ban", "lift"),
    ("rooms_operation", "again"),
    ("tokens_grant", "revoke"),
]


@pytest.fixture
def foreign(globex: Company) -> Filled:
    globex.change(name=f"{WORD} inc.", slug=f"{WORD}-slug")
    return fill(globex, WORD)


def test_no_page_that_ana_can_reach_has_anything_of_globex(
    ana: Client, demo: Room, acme: Company, foreign: Filled
) -> None:
    fill(acme, "ours", demo)
    foreign_ids = {str(row.pk) for row in foreign.pages.values()} | {str(foreign.room.tenant_id)}
    walked = dict(pages(ana))
    assert f"/admin/rooms/room/{demo.pk}/change/" in walked
    for path, body in walked.items():
        assert WORD not in body, path
        assert not [pk for pk in foreign_ids if pk in body], path


@pytest.mark.parametrize(
    "page", ["rooms_room", "rooms_member", "rooms_ban", "rooms_operation", "tokens_grant"]
)
def test_a_row_of_globex_answers_as_one_that_never_was(page: str, ana: Client, foreign: Filled) -> None:
    row = foreign.pages[page]
    never = type(row)(pk=uuid.uuid4())
    for view in ("change", "history"):
        for method in ("GET", "POST"):
            assert _answer(ana, method, page, view, row) == _answer(ana, method, page, view, never)


@pytest.mark.parametrize(("page", "act"), ACTS)
def test_no_button_reaches_a_row_of_globex(page: str, act: str, ana: Client, foreign: Filled) -> None:
    before = _everything()
    assert ana.get(act_path(page, foreign.pages[page], act)).status_code == 404
    assert ana.post(act_path(page, foreign.pages[page], act)).status_code == 404
    assert _everything() == before


@pytest.mark.parametrize("page", ["rooms_member", "rooms_ban"])
def test_a_room_of_globex_cannot_be_chosen(page: str, ana: Client, foreign: Filled) -> None:
    answer = send(ana, reverse(f"admin:{page}_add"), room=str(foreign.room.pk), identity="mallory")
    assert "room" in errors(answer)
    assert not type(foreign.pages[page]).objects.filter(identity="mallory").exists()


def test_searching_finds_nothing_of_globex(ana: Client, foreign: Filled) -> None:
    for page in foreign.pages:
        assert ana.get(reverse(f"admin:{page}_changelist"), {"q": WORD}).context["cl"].result_count == 0


def test_completing_a_room_finds_acmes_only(ana: Client, demo: Room, foreign: Filled) -> None:
    query = {"app_label": "rooms", "model_name": "member", "field_name": "room", "term": ""}
    found = ana.get(reverse("admin:autocomplete"), query).json()["results"]
    assert [each["id"] for each in found] == [str(demo.pk)]


def test_a_list_linked_to_a_room_of_globex_is_empty(ana: Client, foreign: Filled) -> None:
    for page in ("rooms_member", "rooms_ban", "rooms_operation", "tokens_grant"):
        answer = ana.get(reverse(f"admin:{page}_changelist"), {"room__exact": str(foreign.room.pk)})
        assert answer.context["cl"].result_count == 0


@pytest.mark.parametrize(
    "lookup",
    [
        "refresh_hash__startswith",
        "sealed_upstream_refresh_token__gt",
        "room__tenant__slug",
        "tenant__name__contains",
    ],
)
def test_a_list_cannot_be_asked_about_what_it_does_not_show(
    lookup: str, ana: Client, foreign: Filled
) -> None:
    assert ana.get(reverse("admin:tokens_grant_changelist"), {lookup: "a"}).status_code == 400


@pytest.mark.parametrize(
    "page", ["tenant", "account", "identityprovider", "apikey", "user", "auditentry", "signingkey"]
)
def test_operators_pages_are_shut_to_staff(page: str, ana: Client, acme: Company) -> None:
    assert ana.get(reverse(f"admin:tenants_{page}_changelist")).status_code == 403
    assert ana.get(reverse(f"admin:tenants_{page}_add")).status_code == 403
    assert ana.get(reverse(f"admin:tenants_{page}_change", args=[acme.row.pk])).status_code in {302, 403}


def test_an_operator_finds_every_tenant(olga: Client, demo: Room, foreign: Filled) -> None:
    names = [
        room.unique_name
        for room in olga.get(reverse("admin:rooms_room_changelist")).context["cl"].result_list
    ]
    assert {demo.unique_name, foreign.room.unique_name} <= set(names)
    assert olga.get(change_path("tokens_grant", foreign.grant)).status_code == 200


def _answer(browser: Client, method: str, page: str, view: str, row: Any) -> tuple[int, str, str]:
    """Status, address and text, without the id that was asked for and the CSRF tokens, which always differ."""
    path = reverse(f"admin:{page}_{view}", args=[row.pk])
    answer = browser.generic(method, path)
    body = answer.content.decode()
    if answer.status_code == 302:  # what is said is said on the next page
        body = browser.get("/admin/").content.decode()
    body = body.replace(str(row.pk), "ID")
    return answer.status_code, answer.get("Location", ""), CSRF.sub("", body)


def _everything() -> list[object]:
    tables = (Room, Member, Ban, Operation, Grant)
    return [list(table.objects.order_by("pk").values()) for table in tables]
