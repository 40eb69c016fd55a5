"""The whole story of a meeting, over real sockets, with a real worker: who is in is known at once, who is put out stays
out, whatever becomes of the webhooks, and the audit tells it all."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.asking import Asker, Json
from tests.cast import Company
from tests.journeys.houses import House, start_house
from tests.simulated import Simulator, wait_until
from tests.tokens.doors import enter, mint, refresh
from videobroker.tenants.models import AuditEntry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]

SEEN_SECS = 2.0
HEARD_SECS = 2.0
OUT_SECS = 2.0
OUT_AGAIN_SECS = 3.0
OUT_UNHEARD_SECS = 6.0
SUSPENDED_SECS = 5.0
# Somebody who may be in is watched for this long: every rule that could put them out has had its turn by then.
STAYS_SECS = 3.0


@pytest.fixture
def house(acme: Company, simulator: Simulator, tmp_path: Path) -> Iterator[House]:
    with start_house(tmp_path, acme, simulator) as started:
        yield started


def within(secs: float, condition: Callable[[], Any]) -> Any:
    """What the condition gives once it is true, which must be in time."""
    return wait_until(condition, secs, pause_secs=0.02)


def stays(condition: Callable[[], Any], secs: float = STAYS_SECS) -> None:
    """Fails as soon as the condition is not true during this time."""
    until = time.monotonic() + secs
    while time.monotonic() < until:
        assert condition()


class Meeting:
    """The room as ana, who moderates it, sees it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.simulator = house.simulator
        self.room = house.new_room({"ana": "moderator", "bo": "participant"})
        self.ana, self.bo = house.person("ana"), house.person("bo")

    def joins(self, minted: Json) -> str:
        return str(self.simulator.join(minted["token"], minted["context"])["participant_id"])

    def sessions(self) -> list[Json]:
        query = {"include_participants": "true", "filter[room_id]": self.room["id"], "filter[active]": "true"}
        found: list[Json] = self.ana.get("/v2/room_sessions", query).data
        return found

    def present(self) -> dict[str | None, Json]:
        """Who is in, by their identity."""
        people = [person for session in self.sessions() for person in session["participants"]]
        return {person["identity"]: person for person in people if person["left_at"] is None}

    def attributed(self) -> set[str | None]:
        return {who for who, person in self.present().items() if person["attribution"] == "attributed"}

    def acts(self, who: Asker, action: str, **body: Any) -> Json:
        answer = who.post(f"/v2/room_sessions/{self.session_id}/actions/{action}", body)
        assert answer.status == 202, answer
        return answer.data

    @property
    def session_id(self) -> str:
        return str(self.sessions()[0]["id"])

    def is_in(self, telnyx_id: str) -> bool:
        return bool(self.simulator.participant(telnyx_id)["present"])

    def is_muted(self, telnyx_id: str) -> bool:
        return bool(self.simulator.participant(telnyx_id)["muted"])

    def succeeded(self, ordered: Json) -> Json | None:
        operation = self.ana.get(f"/v2/operations/{ordered['operation_id']}").data
        return operation if operation["state"] == "succeeded" else None

    def told(self) -> list[tuple[str, str]]:
        """The audit of the room: who did, or was refused, what; from the first on."""
        entries = AuditEntry.objects.filter(room_id=self.room["id"]).order_by("occurred_at", "action")
        return list(entries.values_list("actor", "action"))


def test_a_meeting_from_the_first_to_the_last(house: House) -> None:
    meeting = Meeting(house)
    ana, bo = meeting.ana, meeting.bo
    bos_token = enter(bo, meeting.room)
    anas, bos = meeting.joins(enter(ana, meeting.room)), meeting.joins(bos_token)
    within(SEEN_SECS, lambda: meeting.attributed() == {"ana", "bo"})
    session_id = meeting.session_id
    bos_id = meeting.present()["bo"]["id"]

    muted = meeting.acts(ana, "mute", participants=[bos_id])
    within(HEARD_SECS, lambda: meeting.is_muted(bos))
    assert not meeting.is_muted(anas)
    meeting.acts(ana, "unmute", identities=["bo"])
    within(HEARD_SECS, lambda: not meeting.is_muted(bos))
    within(SEEN_SECS, lambda: meeting.succeeded(muted))

    refused = bo.post(f"/v2/room_sessions/{session_id}/actions/kick", {"participants": "all"})
    assert refused.refusal == (403, "not_a_moderator")

    kicked = meeting.acts(ana, "kick", identities=["bo"], ban={"reason": "noise"})
    within(OUT_SECS, lambda: not meeting.is_in(bos))
    within(SEEN_SECS, lambda: "bo" not in meeting.present())
    done = within(SEEN_SECS, lambda: meeting.succeeded(kicked))
    assert [(one["identity"], one["present"]) for one in done["participants"]] == [("bo", False)]
    assert refresh(bo, meeting.room, bos_token["refresh_token"]).refusal == (403, "banned")
    assert mint(bo, meeting.room).refusal == (403, "banned")

    again = meeting.joins(bos_token)
    within(OUT_AGAIN_SECS, lambda: not meeting.is_in(again))
    meeting.simulator.fault("webhook_drop")
    unheard = meeting.joins(bos_token)
    within(OUT_UNHEARD_SECS, lambda: not meeting.is_in(unheard))
    meeting.simulator.clear_faults()
    assert meeting.is_in(anas)

    assert ana.delete(f"/v2/bans/{kicked['bans'][0]['id']}").status == 204
    welcome = meeting.joins(enter(bo, meeting.room))
    within(SEEN_SECS, lambda: meeting.attributed() == {"ana", "bo"})
    stays(lambda: meeting.is_in(welcome))
    assert not meeting.is_muted(welcome)

    meeting.acts(ana, "end")
    within(OUT_SECS, lambda: not (meeting.is_in(anas) or meeting.is_in(welcome)))
    within(SEEN_SECS, lambda: not meeting.sessions())
    ended = ana.get(f"/v2/room_sessions/{session_id}").data
    assert (ended["active"], ended["ended_at"] is not None) == (False, True)

    late = meeting.joins(enter(ana, meeting.room))
    within(SEEN_SECS, lambda: meeting.attributed() == {"ana"})
    house.company.change(status="suspended")
    assert mint(ana, meeting.room).refusal == (403, "tenant_suspended")
    within(SUSPENDED_SECS, lambda: not meeting.is_in(late))

    by_hand = [entry for entry in meeting.told() if entry[0] in ("ana", "bo")]
    assert by_hand == [
        ("ana", "participants.muted"),
        ("ana", "participants.unmuted"),
        ("bo", "participants.kicked"),
        ("ana", "ban.created"),
        ("ana", "participants.kicked"),
        ("bo", "token.refresh"),
        ("bo", "token.mint"),
        ("ana", "ban.lifted"),
        ("ana", "session.ended"),
        ("ana", "token.mint"),
    ]
    assert meeting.told().count(("videobroker", "participants.kicked")) >= 2
