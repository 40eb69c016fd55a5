"""Nothing of another tenant is on any page, in any list of choices, behind any address."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, reverse

from rooms.models import Ban, Composition, Deletion, Hold, Member, Operation, PurgeRun, Recording, Room
from tests.admin.crawling import pages
from tests.admin.filling import Filled, fill
from tests.admin.forms import act_path, change_path, errors, send
from tests.cast import Company
from tokens.models import Grant
from videobroker.admin.site import console
from videobroker.tenants.models import AuditEntry

WORD = "zanzibar"
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')
ACTS = [
    ("rooms_room", "lock"),
    ("rooms_member", "remove"),
    ("rooms_ban", "lift"),
    ("rooms_operation", "again"),
    ("tokens_grant", "revoke"),
    *(("rooms_participant", act) for act in ("mute", "unmute", "kick", "ban")),
    *(("rooms_session", act) for act in ("mute-all", "unmute-all", "kick-all", "end", "compose")),
    *(("rooms_recording", act) for act in ("hold", "retain", "discard", "download")),
    *(("rooms_composition", act) for act in ("hold", "retain", "discard", "again", "download")),
    ("rooms_hold", "lift"),
    ("rooms_deletion", "unblock"),
    ("rooms_purgerun", "allow"),
]
ROOM_BOUND = (
    "rooms_member", "rooms_ban", "rooms_operation", "rooms_session", "rooms_participant", "tokens_grant",
    "rooms_recording", "rooms_composition", "rooms_hold",
)  # fmt: skip


@pytest.fixture
def foreign(globex: Company) -> Filled:
    globex.change(name=f"{WORD} inc.", slug=f"{WORD}-slug")
    return fill(globex, WORD)


def test_no_page_that_ana_can_reach_has_anything_of_globex(
    ana: Client, demo: Room, acme: Company, foreign: Filled
) -> None:
    fill(acme, "ours", demo)
    walked = dict(pages(ana))
    for page in ("change", "live", "days", "history"):
        assert f"/admin/rooms/room/{demo.pk}/{page}/" in walked
    for path, body in walked.items():
        assert_nothing_of(foreign, path, body)


def assert_nothing_of(foreign: Filled, path: str, body: str) -> None:
    foreign_ids = {str(row.pk) for row in foreign.everything} | {str(foreign.room.tenant_id)}
    foreign_ids |= {str(foreign.session.telnyx_id), str(foreign.participant.telnyx_id)}
    assert WORD not in body, path
    assert not [pk for pk in foreign_ids if pk in body], path


def test_no_page_of_any_table_has_anything_of_globex_for_ana(
    ana: Client, demo: Room, acme: Company, foreign: Filled
) -> None:
    """Every page that is registered, whether a link leads there or not, asked for with globex's row of its table. That
    row's id is the only thing of globex's that may be in the answer, because it was asked for."""
    fill(acme, "ours", demo)
    company = foreign.room.tenant
    rows = {type(row): row for row in [*foreign.everything, company, company.account]}
    asked = 0
    for pattern, model in _console_patterns():
        row = rows.get(model, foreign.room) if "object_id" in pattern else None
        path = f"/admin/{pattern}".replace("object_id", str(row.pk) if row else "")
        answer = ana.get(path, follow=True)
        assert answer.status_code < 500, path
        body = answer.content.decode()
        assert_nothing_of(foreign, path, body.replace(str(row.pk), "") if row else body)
        asked += 1
    assert asked > 100


@pytest.mark.parametrize("view", ["live", "live_now", "days"])
def test_a_live_page_of_globex_answers_as_one_that_never_was(view: str, ana: Client, foreign: Filled) -> None:
    never = Room(pk=uuid.uuid4())
    for method in ("GET", "POST"):
        assert _answer(ana, method, "rooms_room", view, foreign.room) == _answer(
            ana, method, "rooms_room", view, never
        )


@pytest.mark.parametrize("page", ["rooms_room", *ROOM_BOUND, "rooms_deletion", "rooms_purgerun"])
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


@pytest.mark.parametrize("page", ["rooms_member", "rooms_ban", "rooms_hold"])
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
    for page in ROOM_BOUND:
        answer = ana.get(reverse(f"admin:{page}_changelist"), {"room__exact": str(foreign.room.pk)})
        assert answer.context["cl"].result_count == 0
    query = {"session__id__exact": str(foreign.session.pk)}
    assert ana.get(reverse("admin:rooms_participant_changelist"), query).context["cl"].result_count == 0


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


@pytest.mark.parametrize("page", ["tenant", "account", "identityprovider", "apikey", "user", "signingkey"])
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


def _console_patterns() -> Iterator[tuple[str, Any]]:
    """Every path of the console with its table, and `object_id` where a row's id goes. Signing out is left out: it ends
    the walk."""
    tables = {f"{model._meta.app_label}/{model._meta.model_name}/": model for model in console._registry}
    for pattern in console.get_urls():
        inner = pattern.url_patterns if isinstance(pattern, URLResolver) else [None]
        for found in inner:
            whole = f"{pattern.pattern}{found.pattern if found else ''}"
            path = re.sub(r"<(\w+:)?(object_id|id|content_type_id)>", "object_id", whole)
            if not re.search(r"logout|\(\?P|[\\^$]", path):
                yield path, tables.get(str(pattern.pattern))


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
    tables = (
        Room,
        Member,
        Ban,
        Operation,
        Grant,
        Recording,
        Composition,
        Hold,
        Deletion,
        PurgeRun,
        AuditEntry,
    )
    return [list(table.objects.order_by("pk").values()) for table in tables]
