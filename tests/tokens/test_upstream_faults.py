"""Whatever Telnyx does: an answer in time, a clear reason, nothing half-written, and all is well once it is over."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.asking import Answer, Json
from tests.cast import Company
from tests.scenes import remembered
from tests.simulated import Simulator
from tests.tokens.doors import enter, mint, refresh, stay
from tests.tokens.faults import DEADLINE_SECS, FAULTS, MINT, OF_EACH_KIND, REFRESH, Fault
from tests.tokens.passing import moment
from tokens.models import Grant
from videobroker.simulator.fault_kinds import KINDS
from videobroker.tenants.models import RefreshStrategy

# What our own work may take on a busy machine, beyond the wait for Telnyx.
OWN_WORK_SECS = 2.0


@pytest.fixture(autouse=True)
def _impatient(settings: Any) -> None:
    settings.TELNYX_TIMEOUT_SECS = DEADLINE_SECS


@pytest.fixture
@remembered
def room(acme: Company, demo_room: Json, simulator: Simulator) -> Json:
    """The demo room, whose Telnyx room is there already."""
    enter(acme.back_end, demo_room)
    return demo_room


def check_unavailable(answer: Answer, reason: str) -> None:
    """It says what is the matter, that nothing was done, and when to ask again."""
    assert answer.refusal == (503, reason)
    retry_at = moment(answer.error["meta"]["retry_at"])
    wait = timedelta(seconds=int(answer.headers["Retry-After"]))
    assert timedelta(0) < wait <= timedelta(seconds=61)
    assert abs(datetime.now(UTC) + wait - retry_at) < timedelta(seconds=3)
    assert "token" not in answer.body


def test_every_kind_of_fault_is_met() -> None:
    striking_calls = {name for name, kind in KINDS.items() if kind.role != "webhook"}
    assert {fault.kind for fault in FAULTS} == striking_calls


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_minting_meets(acme: Company, room: Json, simulator: Simulator, fault: Fault) -> None:
    simulator.fault(fault.kind, MINT, **fault.parameters)
    started = time.monotonic()
    answer = mint(acme.person("bo"), room)
    assert time.monotonic() - started < DEADLINE_SECS + OWN_WORK_SECS
    if fault.reason is None:
        assert answer.status == 201
        return
    check_unavailable(answer, fault.reason)
    assert not Grant.objects.filter(identity="bo").exists()
    simulator.clear_faults()
    minted = enter(acme.person("bo"), room)
    assert simulator.join(minted["token"], minted["context"])
    assert len(simulator.effects("room.created")) == 1


@pytest.mark.parametrize("fault", OF_EACH_KIND, ids=str)
def test_refreshing_meets(acme: Company, room: Json, simulator: Simulator, fault: Fault) -> None:
    token = enter(acme.person("bo"), room)["refresh_token"]
    before = Grant.objects.values("state", "generation", "refresh_hash").get(identity="bo")
    simulator.fault(fault.kind, MINT, **fault.parameters)
    started = time.monotonic()
    answer = refresh(acme.person("bo"), room, token)
    assert time.monotonic() - started < DEADLINE_SECS + OWN_WORK_SECS
    if fault.reason is None:
        assert answer.status == 201
        return
    check_unavailable(answer, fault.reason)
    assert Grant.objects.values("state", "generation", "refresh_hash").get(identity="bo") == before
    simulator.clear_faults()
    stay(acme.person("bo"), room, token)
    assert len(simulator.effects("room.created")) == 1


@pytest.mark.parametrize("fault", OF_EACH_KIND, ids=str)
def test_renewing_with_telnyxs_refresh_token_meets(
    acme: Company, room: Json, simulator: Simulator, fault: Fault
) -> None:
    acme.change(refresh_strategy=RefreshStrategy.UPSTREAM)
    token = enter(acme.person("bo"), room)["refresh_token"]
    simulator.fault(fault.kind, REFRESH, **fault.parameters)
    started = time.monotonic()
    refreshed = stay(acme.person("bo"), room, token)
    assert time.monotonic() - started < DEADLINE_SECS + OWN_WORK_SECS
    assert simulator.join(refreshed["token"], refreshed["context"])


@pytest.mark.parametrize("fault", [fault for fault in OF_EACH_KIND if fault.passes], ids=str)
def test_what_strikes_once_is_not_even_noticed(
    acme: Company, room: Json, simulator: Simulator, fault: Fault
) -> None:
    simulator.fault(fault.kind, MINT, times=1, **fault.parameters)
    minted = enter(acme.person("bo"), room)
    assert simulator.join(minted["token"], minted["context"])["room_id"] == minted["telnyx_room_id"]
    assert Grant.objects.filter(identity="bo", state=Grant.State.OPEN).count() == 1


def test_telnyxs_wish_to_be_left_alone_is_passed_on(acme: Company, room: Json, simulator: Simulator) -> None:
    simulator.fault("rate_limit", MINT, reset=7)
    answer = mint(acme.person("bo"), room)
    assert int(answer.headers["Retry-After"]) in {7, 8}
    assert len(simulator.calls(MINT)) == 2  # the room's first, and this one: it is not tried a second time


def test_a_telnyx_that_is_not_there_at_all_is_told_from_a_refusal(
    acme: Company, room: Json, settings: Any
) -> None:
    settings.TELNYX_API_BASE = "http://127.0.0.1:9/v2"
    check_unavailable(mint(acme.person("bo"), room), "upstream_unavailable")
    assert not Grant.objects.filter(identity="bo").exists()


def test_a_revoked_key_is_told_as_the_operators_business(
    acme: Company, room: Json, simulator: Simulator
) -> None:
    simulator.revoke_key(simulator.calls(MINT)[0]["account_id"], acme.telnyx_key)
    answer = mint(acme.person("bo"), room)
    check_unavailable(answer, "upstream_credentials")
    assert "who runs this service" in answer.error["detail"]


def test_a_telnyx_room_that_vanished_is_made_anew_within_the_minting(
    acme: Company, room: Json, simulator: Simulator
) -> None:
    (before,) = simulator.state()["rooms"]
    simulator.api("DELETE", f"/rooms/{before['id']}", key=acme.telnyx_key)
    minted = enter(acme.person("bo"), room)
    assert minted["telnyx_room_id"] != before["id"]
    assert simulator.join(minted["token"], minted["context"])["room_id"] == minted["telnyx_room_id"]


def test_a_room_that_could_not_be_made_yet_is_made_by_the_first_who_comes(
    acme: Company, simulator: Simulator
) -> None:
    simulator.fault("lost_answer", "create_room", how="reset", times=1)
    lobby = acme.new_room({"bo": "participant"})
    answer = mint(acme.person("bo"), lobby)
    if answer.status != 201:
        check_unavailable(answer, "upstream_unavailable")
        answer = mint(acme.person("bo"), lobby)
    assert answer.status == 201
    assert len(simulator.effects("room.created")) == 1


def test_while_no_room_can_be_made_nobody_waits_longer_than_the_deadline(
    acme: Company, simulator: Simulator
) -> None:
    lobby = acme.new_room({"bo": "participant"})
    simulator.fault("timeout", "create_room")
    started = time.monotonic()
    check_unavailable(mint(acme.person("bo"), lobby), "upstream_unavailable")
    assert time.monotonic() - started < DEADLINE_SECS + OWN_WORK_SECS
    assert Grant.objects.count() == 0
