"""No page asks the database more often because there is more in it (the long run: soak_query_counts.py)."""

import uuid

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rooms.models import (
    Ban,
    Composition,
    Deletion,
    Delivery,
    Erasure,
    Event,
    Hold,
    Member,
    Operation,
    Participant,
    PurgeRun,
    Recording,
    Room,
    Session,
)
from tests.admin.crowding import crowd
from tests.admin.forms import change_path
from tests.cast import Company
from tokens.models import Grant
from videobroker.admin.site import console
from videobroker.tenants.models import Account, ApiKey, AuditEntry, IdentityProvider, Tenant, User

Models = tuple[type[Model], ...]

# Many are more than any page shows, or any query takes, at once.
FEW, MANY = 10, 1_000
MOST_QUERIES = 35
ROOM_BOUND: Models = (Member, Ban, Operation, Session, Participant, Grant, Recording, Composition, Hold)
OF_THE_TENANT: Models = (Deletion, PurgeRun)
HOUSE: Models = (Tenant, Account, IdentityProvider, ApiKey, User, AuditEntry, Event, Delivery, Erasure)


@pytest.fixture
def session(demo: Room) -> Session:
    """A session of the demo room that goes on."""
    return Session.objects.create(
        tenant=demo.tenant, room=demo, telnyx_id=uuid.uuid4(), started_at=timezone.now()
    )


def queries(browser: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200, path
    return len(captured)


def counts(browser: Client, paths: list[str]) -> dict[str, int]:
    return {path: queries(browser, path) for path in paths}


def page_name(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def pages_of(models: Models) -> list[str]:
    """The list, the page of one row, and its history, of each of these tables."""
    found = []
    for model in models:
        name, row = page_name(model), model._default_manager.order_by("pk").first()
        assert row is not None, model
        found += [reverse(f"admin:{name}_changelist"), change_path(name, row)]
        found.append(reverse(f"admin:{name}_history", args=[row.pk]))
    return found


def pages_of_room(demo: Room, session: Session) -> list[str]:
    own = [
        reverse(f"admin:rooms_room_{name}", args=[demo.pk])
        for name in ("live", "live_now", "days", "history")
    ]
    lists = [
        f"{reverse(f'admin:{page_name(model)}_changelist')}?room__exact={demo.pk}" for model in ROOM_BOUND
    ]
    adding = [reverse(f"admin:rooms_{name}_add") for name in ("member", "ban", "hold")]
    return [
        "/admin/",
        reverse("admin:rooms_room_changelist"),
        change_path("rooms_room", demo),
        *own,
        *lists,
        *adding,
    ]


def test_a_thousand_rows_take_as_many_queries_as_ten(
    ana: Client, olga: Client, acme: Company, demo: Room, session: Session
) -> None:
    compare(ana, olga, acme, demo, session, MANY)


def compare(ana: Client, olga: Client, acme: Company, demo: Room, session: Session, many_rows: int) -> None:
    """Every page among a few rows, and among so many."""
    crowd(acme, demo, session, FEW)
    session_page = change_path("rooms_session", session)
    moderators = [*pages_of_room(demo, session), *pages_of((*ROOM_BOUND, *OF_THE_TENANT)), session_page]
    operators = [*moderators, *pages_of(HOUSE)]
    counts(olga, operators)  # what is asked for once a process has been asked for now
    few = counts(ana, moderators), counts(olga, operators)
    crowd(acme, demo, session, many_rows)
    many = counts(ana, moderators), counts(olga, operators)
    more = {
        path: (before[path], found[path]) for before, found in zip(few, many, strict=True) for path in before
    }
    assert {path: both for path, both in more.items() if both[1] > both[0]} == {}
    assert max(*few[0].values(), *few[1].values()) <= MOST_QUERIES


def test_every_table_of_the_console_is_counted() -> None:
    """One that comes to the console has to be made many of, too."""
    alone = {"signingkey"}  # one or two, for ever
    registered = {model._meta.model_name for model in console._registry}
    counted = {model._meta.model_name for model in (*ROOM_BOUND, *OF_THE_TENANT, *HOUSE, Room)}
    assert registered - alone == counted
