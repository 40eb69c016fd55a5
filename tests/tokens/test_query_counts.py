"""How often the database is asked on the way of a token. A number that grows is a decision, not an accident."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.asking import Json
from tests.cast import Company
from tests.tokens.doors import enter, stay

MINT_BY_PERSON = 16
MINT_BY_BACK_END = 15
REFRESH = 14
TRANSACTION_WORDS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
# Read once a process, after it was committed; which a test's transaction never is.
ONCE = "tenants_pseudonymkey"


@contextmanager
def at_most(queries: int) -> Iterator[None]:
    """Fails when more statements were sent than that, and shows them; the words of transactions, and what is read once
    a process, do not count."""
    with CaptureQueriesContext(connection) as captured:
        yield
    sent = [
        sql
        for query in captured
        if not (sql := query["sql"]).startswith(TRANSACTION_WORDS) and ONCE not in sql
    ]
    assert len(sent) <= queries, "\n".join(f"{number}. {sql[:160]}" for number, sql in enumerate(sent, 1))


@pytest.fixture
def room(acme: Company, demo_room: Json) -> Json:
    """The demo room after somebody was in it, so that all is made that is made once."""
    enter(acme.back_end, demo_room)
    return demo_room


def test_a_person_mints_with_these(acme: Company, room: Json) -> None:
    bo = acme.person("bo")
    with at_most(MINT_BY_PERSON):
        enter(bo, room)


def test_a_back_end_mints_with_these(acme: Company, room: Json) -> None:
    with at_most(MINT_BY_BACK_END):
        enter(acme.back_end, room, identity="bo")


def test_a_person_refreshes_with_these(acme: Company, room: Json) -> None:
    bo = acme.person("bo")
    token = enter(bo, room)["refresh_token"]
    with at_most(REFRESH):
        stay(bo, room, token)


def test_they_do_not_grow_with_what_there_is(acme: Company, room: Json) -> None:
    for number in range(20):
        path = f"/v2/rooms/{room['id']}/members"
        assert acme.back_end.post(path, {"identity": f"guest-{number}"}).status == 201
    for number in range(5):
        enter(acme.back_end, room, identity=f"guest-{number}")
    bo = acme.person("bo")
    with at_most(MINT_BY_PERSON + REFRESH):
        stay(bo, room, enter(bo, room)["refresh_token"])
