"""Idempotency-Key: asked twice, done once, answered alike."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from rooms.models import Room
from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.videobroker.api.at_once import at_once
from tests.videobroker.api.error_shape import assert_in_shape
from tokens.models import Grant
from videobroker.api.idempotency import forget_old
from videobroker.api.models import IdempotencyRecord

with_real_transactions = pytest.mark.django_db(transaction=True)


def mint(asker: Asker, room: Json, key: str = "k", body: Json = None) -> Answer:
    path = f"/v2/rooms/{room['id']}/actions/generate_join_client_token"
    return asker.post(path, body, Idempotency_Key=key)


def test_the_same_request_gets_the_same_answer_byte_for_byte(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    where = f"/v2/rooms/{demo_room['id']}"
    posts = {
        "/v2/rooms": {"unique_name": "once", "opens_at": "2030-01-01T00:00:00+02:00"},
        f"{where}/members": {"identity": "dot", "display_name": "Dörte 😀"},
        f"{where}/bans": {"identity": "eve", "until": "2030-01-01T00:00:00Z"},
        f"{where}/actions/generate_join_client_token": {"identity": "bo"},
    }
    for path, body in posts.items():
        first, second = (acme.back_end.post(path, body, Idempotency_Key="k" + path[-9:]) for _ in range(2))
        assert first.status == second.status == 201
        assert first.raw == second.raw
        assert "Idempotent-Replayed" not in first.headers
        assert second.headers["Idempotent-Replayed"] == "true"
    assert len(simulator.calls("create_room_client_token")) == 1
    assert Grant.objects.count() == 1


def test_the_order_of_the_fields_does_not_make_another_request(acme: Company) -> None:
    for body in (b'{"locked": true, "max_participants": 3}', b'{"max_participants":3,"locked":true}'):
        answer = acme.back_end.post("/v2/rooms", body, Idempotency_Key="k")
        assert answer.status == 201
    assert Room.objects.count() == 1


def test_another_request_under_the_key_is_refused_and_not_done(acme: Company, demo_room: Json) -> None:
    acme.back_end.post("/v2/rooms", {"unique_name": "a"}, Idempotency_Key="k")
    for path, body in {
        "/v2/rooms": {"unique_name": "b"},
        "/v2/bans": {"identity": "eve"},
        f"/v2/rooms/{demo_room['id']}/members": {"identity": "dot"},
    }.items():
        answer = acme.back_end.post(path, body, Idempotency_Key="k")
        assert answer.refusal == (422, "idempotency_key_reused")
        assert_in_shape(answer)
    assert {room.unique_name for room in Room.objects.all()} == {"demo", "a"}


def test_a_key_is_its_callers_own(acme: Company, globex: Company, demo_room: Json) -> None:
    globex_room = globex.new_room({"ana": "participant"})
    minted = [
        mint(acme.person("ana"), demo_room),
        mint(acme.person("bo"), demo_room),
        mint(acme.back_end, demo_room),
        mint(acme.key_with("tokens:mint"), demo_room),
        mint(globex.person("ana"), globex_room),
    ]
    assert [answer.status for answer in minted] == [201] * 5
    assert len({answer.data["grant_id"] for answer in minted}) == 5


def test_after_a_day_a_key_is_new_again(acme: Company) -> None:
    first = acme.back_end.post("/v2/rooms", {}, Idempotency_Key="k")
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
    second = acme.back_end.post("/v2/rooms", {}, Idempotency_Key="k")
    assert first.data["id"] != second.data["id"]


def test_what_is_older_than_a_day_is_forgotten(acme: Company) -> None:
    acme.back_end.post("/v2/rooms", {}, Idempotency_Key="old")
    IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))
    acme.back_end.post("/v2/rooms", {}, Idempotency_Key="new")
    assert forget_old(timezone.now()) == 1
    assert IdempotencyRecord.objects.get().key == "new"


def test_a_key_that_cannot_be_is_refused(acme: Company) -> None:
    for key in ("", "k" * 256, "ké", "a\tb", "\x7f"):
        answer = acme.back_end.post("/v2/rooms", {}, Idempotency_Key=key)
        assert answer.refusal == (400, "idempotency_key"), key
    assert acme.back_end.post("/v2/rooms", {}, Idempotency_Key="k" * 255).status == 201


def test_a_refused_request_leaves_the_key_free(acme: Company) -> None:
    taken = acme.new_room(unique_name="taken")
    wanted = {"unique_name": "taken"}
    assert acme.back_end.post("/v2/rooms", wanted, Idempotency_Key="k").refusal == (422, "duplicate")
    acme.back_end.delete(f"/v2/rooms/{taken['id']}")
    assert acme.back_end.post("/v2/rooms", wanted, Idempotency_Key="k").status == 201


def test_kept_answers_are_sealed(acme: Company, demo_room: Json) -> None:
    minted = mint(acme.person("bo"), demo_room).data
    record = IdempotencyRecord.objects.get()
    row = repr(IdempotencyRecord.objects.values().get())
    assert not any(minted[secret] in row for secret in ("token", "refresh_token", "context"))
    assert record.answer is not None
    assert minted["token"] in record.answer.reveal()


@with_real_transactions
def test_many_at_once_make_one_room(acme: Company) -> None:
    answers = at_once(8, lambda _: acme.back_end.post("/v2/rooms", {"locked": True}, Idempotency_Key="k"))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.raw for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert Room.objects.count() == 1


@with_real_transactions
def test_while_the_first_is_worked_on_the_second_is_told_to_wait(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    hold = simulator.fault("hold", "create_room_client_token", times=1)
    bo = acme.person("bo")

    def minted() -> Answer:
        try:
            return mint(bo, demo_room)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(minted)
        simulator.await_held(hold)
        meanwhile = mint(bo, demo_room)
        simulator.release(hold)
        answered = first.result()
    assert meanwhile.refusal == (409, "still_running")
    assert meanwhile.headers["Retry-After"] == "1"
    assert answered.status == 201
    assert mint(bo, demo_room).raw == answered.raw
    assert len(simulator.calls("create_room_client_token")) == 1


@with_real_transactions
def test_a_mint_that_failed_can_be_asked_for_again_with_its_key(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    simulator.fault("status", "create_room_client_token", status=500)
    assert mint(acme.person("bo"), demo_room).refusal == (503, "upstream_unavailable")
    assert IdempotencyRecord.objects.count() == 0
    simulator.clear_faults()
    assert mint(acme.person("bo"), demo_room).status == 201


@with_real_transactions
def test_a_refused_mint_can_be_asked_for_again_with_its_key(acme: Company, demo_room: Json) -> None:
    where = f"/v2/rooms/{demo_room['id']}"
    acme.back_end.patch(where, {"locked": True})
    assert mint(acme.person("bo"), demo_room).refusal == (403, "locked")
    acme.back_end.patch(where, {"locked": False})
    assert mint(acme.person("bo"), demo_room).status == 201


@with_real_transactions
def test_a_request_whose_process_died_is_taken_over_by_one_after_a_minute(
    acme: Company, demo_room: Json
) -> None:
    assert mint(acme.person("bo"), demo_room).status == 201
    Grant.objects.all().delete()
    died = {"status": None, "sealed_answer": "", "started_at": timezone.now() - timedelta(seconds=61)}
    IdempotencyRecord.objects.update(**died)
    bo = acme.person("bo")
    answers = at_once(4, lambda _: mint(bo, demo_room))
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.raw for answer in answers if answer.status == 201}) == 1
    assert Grant.objects.count() == 1


@with_real_transactions
def test_many_at_once_mint_one_grant(acme: Company, demo_room: Json) -> None:
    bo = acme.person("bo")
    answers = at_once(8, lambda _: mint(bo, demo_room))
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.raw for answer in answers if answer.status == 201}) == 1
    assert Grant.objects.count() == 1
