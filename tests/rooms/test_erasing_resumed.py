"""An erasure that is broken off at any of its steps goes on where it was, and counts nothing twice."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from rooms import erasing
from rooms.models import Delivery, Erasure, Member, Participant
from tests.asking import Json
from tests.cast import Company
from tests.rooms.ageing import carry_out_due
from tests.rooms.films import Studio, studio
from tests.rooms.test_erasing import carry_on, order, places_of
from tests.simulated import Simulator
from videobroker.tenants import pseudonyms
from videobroker.tenants.callers import CallerKind
from videobroker.tenants.models import AuditEntry

__all__ = ["studio"]


class PowerCut(BaseException):
    """The process is gone."""


@pytest.fixture(autouse=True)
def pseudonyms_are_of_this_database() -> Iterator[None]:
    pseudonyms.forget_key()
    yield
    pseudonyms.forget_key()


@contextmanager
def power_cut_at(write: int) -> Iterator[None]:
    """The process ends at its so-manieth write to the database."""
    left = write

    def cut(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            left -= 1
            if left < 0:
                raise PowerCut
        return execute(sql, params, many, context)

    with connection.execute_wrapper(cut):
        yield


def go_on() -> None:
    """Somebody has the turn again, at a time at which all tokens are over."""
    Erasure.objects.filter(finished_at=None).update(due_at=timezone.now() - timedelta(days=1))
    erasing.go_on_with_all(timezone.now() + timedelta(hours=2))


def make_history(company: Company, studio: Studio) -> None:
    """Several of each kind, so that there are several steps."""
    path = f"/v2/rooms/{studio.room['id']}"
    company.back_end.patch(path, {"webhook_event_url": "http://127.0.0.1/hook"})
    for kind in ("video", "audio"):
        studio.recorded("bo", kind)
    company.back_end.post("/v2/bans", {"identity": "bo", "reason": "bo was rude"})
    company.back_end.post(f"{path}/members", {"identity": "dot"})


def erase_interrupted(write: int) -> Json:
    """The receipt of an erasure whose worker dies at each `write`-th write, over and over."""
    for _ in range(200):
        if Erasure.objects.get().finished_at is not None:
            return Erasure.objects.get().receipt
        try:
            with power_cut_at(write):
                go_on()
        except PowerCut:
            write += 1  # else one step that needs more writes than this would never be done
        carry_out_due()
    raise AssertionError("not finished after 200 interruptions")


@pytest.mark.parametrize("write", range(1, 12))
def test_it_goes_on_wherever_it_was_broken_off(acme: Company, studio: Studio, write: int) -> None:
    make_history(acme, studio)
    audited = AuditEntry.objects.about("bo").count()
    order(acme, "bo")
    receipt = erase_interrupted(write)
    assert receipt["removed"]["recordings"] == 2
    assert receipt["removed"]["members"] == 1
    assert receipt["replaced"]["participants"] == 1
    assert receipt["replaced"]["bans"] == 1
    assert receipt["replaced"]["audit_entries"] == audited + 1  # and the order
    assert not Participant.objects.filter(identity="bo").exists()
    assert not Delivery.objects.filter(payload__identity="bo").exists()
    assert AuditEntry.objects.filter(action="erasure.finished").count() == 1


def test_an_order_that_is_broken_off_was_never_given(acme: Company, studio: Studio) -> None:
    for write in range(1, 6):
        with pytest.raises(PowerCut), power_cut_at(write):
            erasing.order(erasing.HOUSE, acme.row, "bo", now=timezone.now())
        assert not Erasure.objects.exists()
        assert Member.objects.filter(identity="bo").exists()


def test_a_long_history_is_gone_through_in_batches(acme: Company, studio: Studio) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(
            tenant=acme.row, actor_kind=CallerKind.IDENTITY, actor="bo", action="knocked", address="192.0.2.1",
            occurred_at=timezone.now(), details={"identities": ["ana", "bo"], "note": "both"},
        )
        for _ in range(2 * erasing.AT_ONCE + 50)
    )  # fmt: skip
    order(acme, "bo")
    go_on()
    knocks = AuditEntry.objects.filter(action="knocked")
    assert not knocks.filter(actor="bo").exists()
    assert {(each.address, each.details["note"]) for each in knocks} == {("", "both")}
    assert all(pseudonyms.is_pseudonym(each.details["identities"][1]) for each in knocks)
    assert Erasure.objects.get().receipt["replaced"]["audit_entries"] >= knocks.count()


def test_names_that_only_look_alike_stay(acme: Company, studio: Studio) -> None:
    """`bo` is a short name: it is in many words, and is another's beginning."""
    path = f"/v2/rooms/{studio.room['id']}"
    acme.back_end.post(f"{path}/members", {"identity": "bob"})
    acme.back_end.post("/v2/bans", {"identity": "bob", "reason": "bo and bob were both about"})
    order(acme, "bo")
    carry_on()
    banned = acme.back_end.get("/v2/bans").data[0]
    assert (banned["identity"], banned["reason"]) == ("bob", "bo and bob were both about")
    assert Member.objects.filter(identity="bob").exists()
    entry = AuditEntry.objects.filter(action="ban.created").get()
    assert (entry.subject, entry.details["reason"]) == ("bob", "bo and bob were both about")


# --- The command ------------------------------------------------------------------------------------------


def erase(*arguments: str) -> str:
    out = StringIO()
    call_command("erase_identity", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_would_go_and_changes_nothing(acme: Company, studio: Studio) -> None:
    held, _ = studio.recorded("bo"), studio.recorded("bo", "audio")
    hold = acme.back_end.post("/v2/holds", {"recording_id": str(held.pk), "reason": "case 7"}).data
    told = json.loads(erase("acme", "bo", "--dry-run"))
    assert (told["removed"]["members"], told["removed"]["recordings"]) == (1, 1)
    assert told["kept"]["recordings"] == {"count": 1, "ids": [str(held.pk)]}
    assert told["kept"]["holds"] == {"count": 1, "ids": [hold["id"]]}
    acme.back_end.delete(f"/v2/holds/{hold['id']}")
    acme.back_end.post("/v2/holds", {"identity": "bo", "reason": "case 7"})
    told = json.loads(erase("acme", "bo", "--dry-run"))
    assert told["removed"]["recordings"] == 0
    assert (told["kept"]["recordings"]["count"], told["kept"]["holds"]["count"]) == (2, 1)
    assert not Erasure.objects.exists()
    assert Member.objects.filter(identity="bo").exists()


def test_the_command_orders_an_erasure(acme: Company, studio: Studio) -> None:
    told = erase("acme", "bo")
    erasure = Erasure.objects.get()
    assert told.startswith(f"erasure {erasure.pk} is pending since {erasure.created_at:%Y-%m-%dT%H:%M}")
    assert erasure.ordered_by == "system:videobroker"
    carry_on()
    assert places_of("erased:") != []
    assert Erasure.objects.get().state == "finished"


def test_the_command_says_that_a_hold_keeps_something(acme: Company, studio: Studio) -> None:
    acme.back_end.post("/v2/holds", {"identity": "bo", "reason": "case 7"})
    erase("acme", "bo")
    go_on()
    with pytest.raises(CommandError, match="a hold keeps something"):
        erase("acme", "bo")


def test_the_command_says_how_far_they_have_got_and_changes_nothing(acme: Company, studio: Studio) -> None:
    with pytest.raises(CommandError, match="no erasure of 'bo' was ordered at acme"):
        erase("acme", "bo", "--status")
    erase("acme", "bo")
    erasure = Erasure.objects.get()
    assert f"erasure {erasure.pk} is pending since" in erase("acme", "bo", "--status")
    erasure.refresh_from_db()
    assert erasure.ordered_again_at is None
    carry_on()
    acme.back_end.post(f"/v2/rooms/{studio.room['id']}/members", {"identity": "bo"})
    assert f"erasure {erasure.pk} is finished at" in erase("acme", "bo", "--status")
    assert Erasure.objects.count() == 1
    assert Member.objects.filter(identity="bo").exists()


@pytest.mark.parametrize("on", ["room", "recording", "composition", "another person in the composition"])
def test_an_erasure_that_waits_says_for_which_hold(acme: Company, studio: Studio, on: str) -> None:
    film, of_ana = studio.recorded("bo"), studio.recorded("ana")
    ordered = acme.back_end.post("/v2/room_compositions", {"session_id": str(of_ana.session_id)}).data
    subject = {
        "room": {"room_id": studio.room["id"]},
        "recording": {"recording_id": str(film.pk)},
        "composition": {"composition_id": ordered["id"]},
    }.get(on, {"identity": "ana"})
    hold = acme.back_end.post("/v2/holds", {**subject, "reason": "case 7"}).data
    acme.back_end.post("/v2/holds", {"identity": "cy", "reason": "case 8"})
    foreseen = json.loads(erase("acme", "bo", "--dry-run"))
    erase("acme", "bo")
    go_on()
    erasure = Erasure.objects.get()
    assert erasure.state == "waiting"
    for kept in (foreseen["kept"], erasure.receipt["kept"]):
        assert kept["holds"] == {"count": 1, "ids": [hold["id"]]}


def test_the_command_knows_its_tenants(acme: Company, simulator: Simulator) -> None:
    with pytest.raises(CommandError, match="no tenant"):
        erase("umbrella", "bo")
