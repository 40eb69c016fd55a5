"""Whatever happens, in whatever order: who may not be in gets no token, stolen tokens end their grant, retries never.

A model that knows nothing of rows or hashes says what each mint and each refresh must answer; hypothesis looks for a
course of events in which the house answers otherwise.
"""

import os
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.asking import Answer, Json
from tests.cast import Company, make_company
from tests.simulated import Simulator
from tests.tokens.doors import mint, refresh, revoke
from tests.tokens.passing import ahead, moment
from tokens import refresh_tokens
from tokens.models import Grant

COURSES = int(os.environ.get("COURSES", "8"))  # more of them find rarer ones, when there is time
PEOPLE = ["ana", "bo", "cy"]
GRACE, SEAT_KEPT = timedelta(seconds=30), timedelta(seconds=30)
IDLE, LONGEST = timedelta(seconds=900), timedelta(seconds=3600)


@dataclass
class Visit:
    """A grant as the model sees it: whose, all its refresh tokens so far, and whether it is over."""

    id: str
    holder: str
    tokens: list[str]
    idle_until: datetime
    until: datetime
    seat_until: datetime
    rotated_at: datetime | None = None
    is_dead: bool = False

    def holds(self, index: int, now: datetime) -> bool:
        newest = len(self.tokens) - 1
        repeated = index == newest - 1 and self.rotated_at is not None and now - self.rotated_at <= GRACE
        return index == newest or repeated

    def renew(self, answer: Json, now: datetime) -> None:
        self.idle_until = min(now + IDLE, self.until)
        self.seat_until = max(self.seat_until, moment(answer["token_expires_at"]) + SEAT_KEPT)


@dataclass
class Rules:
    """Who may be in, as the model sees it."""

    members: set[str] = field(default_factory=lambda: set(PEOPLE))
    banned_until: dict[str, datetime | None] = field(default_factory=dict)
    is_suspended: bool = False
    is_closed: bool = False
    is_locked: bool = False

    def is_banned(self, identity: str, now: datetime) -> bool:
        until = self.banned_until.get(identity, now)
        return until is None or until > now

    def why_not(self, identity: str, now: datetime, *, is_seated: bool) -> str | None:
        """The first reason to keep the person out, or None."""
        reasons = {
            "tenant_suspended": self.is_suspended,
            "closed": self.is_closed,
            "not_a_member": identity not in self.members,
            "banned": self.is_banned(identity, now),
            "locked": self.is_locked and not is_seated,
        }
        return next((reason for reason, holds in reasons.items() if holds), None)


class Course(RuleBasedStateMachine):
    """Everything that can happen to the visits of one room."""

    simulator: Simulator
    clock: time_machine.Traveller

    @initialize()
    def open_the_house(self) -> None:
        self.company: Company = make_company(f"acme-{uuid.uuid4().hex[:12]}", self.simulator)
        self.company.change(grant_ttl_secs=int(LONGEST.total_seconds()))
        self.room = self.company.new_room(dict.fromkeys(PEOPLE, "participant"), max_participants=50)
        self.rules = Rules()
        self.visits: list[Visit] = []

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    # --- Tokens

    @rule(identity=st.sampled_from(PEOPLE), by_back_end=st.booleans())
    def mint(self, identity: str, by_back_end: bool) -> None:
        idle = {"refresh_token_ttl_secs": int(IDLE.total_seconds())}
        if by_back_end:
            answer = mint(self.company.back_end, self.room, identity=identity, **idle)
        else:
            answer = mint(self.company.person(identity), self.room, **idle)
        reason = self.rules.why_not(identity, self.now, is_seated=False)
        self.expect(answer, reason)
        if reason is None:
            self.visits.append(self.begun(identity, answer.data))

    def begun(self, identity: str, minted: Json) -> Visit:
        return Visit(
            id=minted["grant_id"],
            holder=identity,
            tokens=[minted["refresh_token"]],
            idle_until=self.now + IDLE,
            until=self.now + LONGEST,
            seat_until=moment(minted["token_expires_at"]) + SEAT_KEPT,
        )

    @precondition(lambda self: self.visits)
    @rule(data=st.data(), age=st.sampled_from([0, 0, 0, 0, 1, 1, 2, 5]), by_back_end=st.booleans())
    def refresh(self, data: st.DataObject, age: int, by_back_end: bool) -> None:
        """The holder, or their back end, shows a token: the newest, or one that is `age` generations old."""
        visit = data.draw(st.sampled_from(self.visits))
        index = max(0, len(visit.tokens) - 1 - age)
        asker = self.company.back_end if by_back_end else self.company.person(visit.holder)
        now = self.now
        reason = self.why_not_refreshed(visit, index, now)
        answer = refresh(asker, self.room, visit.tokens[index])
        self.expect(answer, reason)
        visit.is_dead |= reason == "token_reused"
        if reason is None:
            self.renewed(visit, index, answer.data["refresh_token"], rotates=not by_back_end)
            visit.renew(answer.data, now)

    def why_not_refreshed(self, visit: Visit, index: int, now: datetime) -> str | None:
        if visit.is_dead:
            return self.rules.why_not(visit.holder, now, is_seated=True) or "grant_revoked"
        if not visit.holds(index, now):
            return "token_reused"
        if min(visit.idle_until, visit.until) <= now:
            return "grant_expired"
        return self.rules.why_not(visit.holder, now, is_seated=visit.seat_until > now)

    def renewed(self, visit: Visit, index: int, given: str, *, rotates: bool) -> None:
        """A back end keeps its token; the newest gets a successor; one repeated gets the successor it had."""
        if not rotates:
            assert given == visit.tokens[index]
        elif index == len(visit.tokens) - 1:
            assert given not in visit.tokens
            visit.tokens.append(given)
            visit.rotated_at = self.now
        else:
            assert given == visit.tokens[-1]

    @precondition(lambda self: self.visits)
    @rule(data=st.data(), thief=st.sampled_from([*PEOPLE, "dan"]))
    def steal(self, data: st.DataObject, thief: str) -> None:
        """Somebody else of the tenant shows any token there ever was: nothing comes of it."""
        visit = data.draw(
            st.sampled_from([visit for visit in self.visits if visit.holder != thief] or [None])
        )
        if visit is not None:
            token = data.draw(st.sampled_from(visit.tokens))
            self.expect(refresh(self.company.person(thief), self.room, token), "invalid_refresh_token")

    @precondition(lambda self: self.visits and not self.rules.is_suspended)
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        visit = data.draw(st.sampled_from(self.visits))
        answer = revoke(self.company.person(visit.holder), self.room, refresh_token=visit.tokens[0])
        assert answer.data["revoked"] == (0 if visit.is_dead else 1)
        visit.is_dead = True

    # --- Who may be in

    @precondition(lambda self: not self.rules.is_suspended)
    @rule(identity=st.sampled_from(PEOPLE), secs=st.sampled_from([None, 60, 600]))
    def ban(self, identity: str, secs: int | None) -> None:
        self.lift(identity)
        until = None if secs is None else ahead(seconds=secs)
        body = {"identity": identity, "until": until}
        assert self.company.back_end.post(f"/v2/rooms/{self.room['id']}/bans", body).status == 201
        self.rules.banned_until[identity] = None if until is None else moment(until)
        for visit in self.visits:
            visit.is_dead |= visit.holder == identity

    @precondition(lambda self: not self.rules.is_suspended)
    @rule(identity=st.sampled_from(PEOPLE))
    def lift(self, identity: str) -> None:
        for ban in self.company.back_end.get("/v2/bans", {"filter[identity]": identity}).data:
            assert self.company.back_end.delete(f"/v2/bans/{ban['id']}").status == 204
        self.rules.banned_until.pop(identity, None)

    @precondition(lambda self: not self.rules.is_suspended)
    @rule(identity=st.sampled_from(PEOPLE))
    def add_or_remove(self, identity: str) -> None:
        path = f"/v2/rooms/{self.room['id']}/members"
        if identity in self.rules.members:
            (member,) = self.company.back_end.get(path, {"filter[identity]": identity}).data
            assert self.company.back_end.delete(f"{path}/{member['id']}").status == 204
        else:
            assert self.company.back_end.post(path, {"identity": identity}).status == 201
        self.rules.members ^= {identity}

    @rule()
    def suspend_or_not(self) -> None:
        self.rules.is_suspended = not self.rules.is_suspended
        self.company.change(status="suspended" if self.rules.is_suspended else "active")

    @precondition(lambda self: not self.rules.is_suspended)
    @rule()
    def lock_or_unlock(self) -> None:
        self.rules.is_locked = not self.rules.is_locked
        self.change_room(locked=self.rules.is_locked)

    @precondition(lambda self: not self.rules.is_suspended)
    @rule()
    def close_or_reopen(self) -> None:
        self.rules.is_closed = not self.rules.is_closed
        self.change_room(closes_at=ahead(seconds=-1) if self.rules.is_closed else None)

    def change_room(self, **changes: Any) -> None:
        assert self.company.back_end.patch(f"/v2/rooms/{self.room['id']}", changes).status == 200

    @rule(secs=st.sampled_from([1, 10, 25, 40, 100, 160, 500, 1000]))
    def time_passes(self, secs: int) -> None:
        self.clock.shift(secs)
        ahead_secs = self.simulator.settings()["clock_offset_secs"] + secs
        self.simulator.settings(clock_offset_secs=ahead_secs)

    # --- What holds at all times

    def expect(self, answer: Answer, reason: str | None) -> None:
        if reason is None:
            assert answer.status == 201, answer
        else:
            assert answer.refusal == (403, reason)
            assert "data" not in answer.body

    @invariant()
    def the_rows_know_the_newest_token_and_no_other(self) -> None:
        rows = {str(grant.pk): grant for grant in Grant.objects.filter(tenant=self.company.row)}
        assert set(rows) == {visit.id for visit in self.visits}
        for visit in self.visits:
            grant = rows[visit.id]
            assert (grant.state == Grant.State.REVOKED) == visit.is_dead
            assert grant.refresh_hash == refresh_tokens.read(visit.tokens[-1]).hash()
            assert grant.generation == len(visit.tokens) - 1


@pytest.mark.django_db
def test_no_course_of_events_lets_in_who_may_not_be_in(
    simulator: Simulator, telnyx_is_simulated: Any
) -> None:
    # The clock stands still but when time is said to pass, so the model knows it to the microsecond.
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        course = type("TheCourse", (Course,), {"simulator": simulator, "clock": traveller})
        run_state_machine_as_test(
            course,
            settings=settings(
                max_examples=COURSES,
                stateful_step_count=30,
                print_blob=True,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
