"""What is deleted between being found and being written, or asked for twice: whoever would have kept it is told that it
is too late, and what was answered before is answered again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from rooms import deleting
from rooms.models import Composition, Deletion, Hold, Recording
from tests.cast import Company
from tests.rooms.ageing import carry_out_once
from tests.rooms.films import Studio, studio
from tests.rooms.test_holds import HOLDS, composed, place
from videobroker.tenants.models import AuditEntry

__all__ = ["studio"]
Act = Callable[[Recording | Composition], None]
every_kind = pytest.mark.parametrize("kind", ["recording", "composition"])


def film_of(studio: Studio, kind: str) -> Recording | Composition:
    film = studio.recorded("bo")
    return film if kind == "recording" else composed(film)


def begins(film: Recording | Composition) -> None:
    """Its deletion begins."""
    assert deleting.begin(film, cause=Deletion.Cause.ORDERED, ordered_by="test")


def goes(film: Recording | Composition) -> None:
    """Its deletion begins and is done."""
    begins(film)
    carry_out_once()


every_act = pytest.mark.parametrize(("act", "state"), [(begins, "deleting"), (goes, "deleted")])


@contextmanager
def when_first_found(film: Recording | Composition, act: Act) -> Iterator[None]:
    """It is done to the film just after the first look at films of its kind."""
    table = f'FROM "{film._meta.db_table}"'
    is_done = False

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal is_done
        found = execute(sql, params, many, context)
        if not is_done and sql.startswith("SELECT") and table in sql:
            is_done = True
            act(film)
        return found

    with connection.execute_wrapper(look):
        yield
    assert is_done


@every_kind
@every_act
def test_a_hold_on_it_is_not_placed(acme: Company, studio: Studio, kind: str, act: Act, state: str) -> None:
    film = film_of(studio, kind)
    with when_first_found(film, act):
        refused = place(acme.back_end, **{f"{kind}_id": film.pk})
    film.refresh_from_db()
    assert (refused.refusal, film.state) == ((409, "deletion_begun"), state)
    assert Hold.objects.count() == 0


@every_kind
@every_act
@pytest.mark.parametrize("until", ["2040-01-01T00:00:00Z", None])
def test_it_is_not_said_to_be_kept_longer(
    acme: Company, studio: Studio, kind: str, act: Act, state: str, until: str | None
) -> None:
    film = film_of(studio, kind)
    with when_first_found(film, act):
        refused = acme.back_end.patch(f"/v2/room_{kind}s/{film.pk}", {"retain_until": until})
    film.refresh_from_db()
    assert (refused.refusal, film.state, film.retain_until) == ((409, "deletion_begun"), state, None)
    assert not AuditEntry.objects.filter(action=f"{kind}.retained").exists()


@every_kind
@pytest.mark.parametrize("who", ["back end", "moderator"])
def test_the_answer_to_a_hold_stays_the_same_though_it_is_gone_since(
    acme: Company, studio: Studio, kind: str, who: str
) -> None:
    film = film_of(studio, kind)
    asker = acme.back_end if who == "back end" else acme.person("ana")
    body = {f"{kind}_id": str(film.pk), "reason": "case 7"}
    placed = asker.post(HOLDS, body, Idempotency_Key="once")
    assert placed.status == 201
    assert acme.back_end.delete(f"{HOLDS}/{placed.data['id']}").status == 204
    goes(film)
    again = asker.post(HOLDS, body, Idempotency_Key="once")
    assert (again.status, again.raw) == (201, placed.raw)
    assert Hold.objects.count() == 1
    for key in ({"Idempotency_Key": "twice"}, {}):
        assert asker.post(HOLDS, body, **key).refusal == (404, "not_found")


def test_who_may_not_hold_it_is_not_answered_what_was_answered_before(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    body, ana = {"recording_id": str(film.pk), "reason": "case 7"}, acme.person("ana")
    assert ana.post(HOLDS, body, Idempotency_Key="once").status == 201
    assert acme.back_end.post("/v2/bans", {"identity": "ana"}).status == 201
    assert ana.post(HOLDS, body, Idempotency_Key="once").refusal == (404, "not_found")
