"""Erasing a person: out at once, films deleted, and in the history a pseudonym."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.models.functions import Now
from django.utils import timezone

from rooms import erasing
from rooms.models import Ban, Composition, Deletion, Erasure, Member, Participant, Recording
from tests.asking import Answer, Json
from tests.cast import Company
from tests.rooms.ageing import carry_out_due
from tests.rooms.films import Studio
from tests.rooms.orders import settle
from tests.scenes import remembered
from tests.simulated import Simulator
from tests.tokens.doors import access, enter, mint, refresh
from videobroker.api.models import IdempotencyRecord
from videobroker.tenants import pseudonyms
from videobroker.tenants.models import AuditEntry, User

ERASURES = "/v2/erasures"
# Nothing else in the cast or in the code is called so.
IDENTITY = "zaphod-4711"
NAME = "Zaphod Beeblebrox"


@pytest.fixture(autouse=True)
def pseudonyms_are_of_this_database() -> Iterator[None]:
    pseudonyms.forget_key()
    yield
    pseudonyms.forget_key()


@pytest.fixture
@remembered
def studio(acme: Company, simulator: Simulator) -> Studio:
    """Ana and somebody of the name are in."""
    studio = Studio.of(acme, simulator, {"ana": "moderator", IDENTITY: "participant"})
    acme.back_end.patch(member_path(acme, studio.room), {"display_name": NAME})
    return studio


def member_path(company: Company, room: Json) -> str:
    path = f"/v2/rooms/{room['id']}/members"
    return f"{path}/{company.back_end.get(path, {'filter[identity]': IDENTITY}).data[0]['id']}"


def order(company: Company, identity: str = IDENTITY) -> Answer:
    return company.back_end.post(ERASURES, {"identity": identity})


def later(**span: float) -> Any:
    return timezone.now() + timedelta(**span)


def carry_on(rounds: int = 6) -> None:
    """Workers go on for a while, at a time at which every token of before is over."""
    for _ in range(rounds):
        settle()
        Deletion.objects.unfinished().update(due_at=Now())
        carry_out_due()
        Erasure.objects.filter(finished_at=None).update(due_at=timezone.now() - timedelta(days=1))
        erasing.go_on_with_all(later(hours=2))


def texts() -> Iterator[tuple[str, str]]:
    """Every text in every table that has one, with where it stands."""
    for model in apps.get_models(include_auto_created=True):
        columns = [
            field.column
            for field in model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField | models.JSONField)
        ]
        with connection.cursor() as cursor:
            for column in columns:
                cursor.execute(f'SELECT "{column}" FROM "{model._meta.db_table}"')
                for (value,) in cursor.fetchall():
                    text = value if isinstance(value, str) else json.dumps(value, default=str)
                    yield f"{model._meta.label}.{column}", text


def places_of(*canaries: str) -> list[str]:
    """Where one of these stands, in whatever case, alone or in a longer text."""
    wanted = [canary.lower() for canary in canaries]
    return sorted({place for place, text in texts() if any(canary in text.lower() for canary in wanted)})


def make_history(company: Company, studio: Studio, simulator: Simulator) -> str:
    """The person does, and is done, whatever leaves a trace; the context they joined with."""
    room, back_end = studio.room, company.back_end
    person = company.person(IDENTITY, name=NAME)
    user = User(username="zaphod", first_name="Zaphod", last_name="Beeblebrox", email="z@acme.example")
    user.tenant, user.identity = company.row, IDENTITY
    user.set_password("not a word")
    user.save()
    back_end.patch(f"/v2/rooms/{room['id']}", {"webhook_event_url": "http://127.0.0.1/hook"})
    back_end.patch(member_path(company, room), {"role": "moderator"})
    studio.recorded(IDENTITY)
    context = enter(person, room, headers={"Idempotency_Key": "mine"})["context"]
    studio.gathering.joins(enter(person, room))
    simulator.join(enter(company.person("ana"), room)["token"], context)
    studio.gathering.hear()
    studio.gathering.asks(later(minutes=5))
    person.post(f"/v2/rooms/{room['id']}/members", {"identity": "dot"})
    person.post("/v2/rooms", {})
    person.post(f"/v2/rooms/{room['id']}/bans", {"identity": "eve", "reason": "rude"})
    hold = person.post("/v2/holds", {"room_id": room["id"], "reason": "case 7"}).data
    back_end.delete(f"/v2/holds/{hold['id']}")
    on_person = back_end.post("/v2/holds", {"identity": IDENTITY, "reason": f"about {NAME}"}).data
    back_end.delete(f"/v2/holds/{on_person['id']}")
    studio.gathering.acts(company.person("ana"), "mute", identities=[IDENTITY])
    back_end.delete(f"/v2/room_recordings?filter[identity]={IDENTITY}&filter[type]=audio")
    studio.gathering.acts(person, "kick", identities=[IDENTITY])
    back_end.post("/v2/bans", {"identity": IDENTITY, "reason": f"{NAME} was rude, {IDENTITY} again"})
    settle()
    studio.gathering.hear()
    return str(context)


def test_nothing_of_a_person_is_left_but_the_pseudonym(
    acme: Company, studio: Studio, simulator: Simulator
) -> None:
    context = make_history(acme, studio, simulator)
    canaries = (IDENTITY, NAME, "zaphod", context.split(".")[1])
    before = places_of(*canaries)
    assert len(before) > 20, before
    ordered = order(acme)
    assert ordered.status == 202, ordered
    carry_on()
    found = acme.back_end.get(f"{ERASURES}/{ordered.data['id']}").data
    assert (found["state"], found["identity"]) == ("finished", None)
    assert places_of(*canaries) == []
    assert pseudonyms.is_pseudonym(found["pseudonym"])
    assert "rooms.Participant.identity" in places_of(found["pseudonym"])
    assert found["removed"]["recordings"] == 1
    assert found["removed"]["users"] == 1
    assert found["removed"]["grants"] >= 3
    assert found["replaced"]["audit_entries"] >= 5


def test_what_comes_late_brings_nothing_back(acme: Company, studio: Studio, simulator: Simulator) -> None:
    make_history(acme, studio, simulator)
    order(acme)
    carry_on()
    simulator.settings()
    studio.gathering.heard.clear()
    told = [event for event in studio.gathering.told() if "participant" in event["event_type"]]
    for event in told:
        event["id"] = f"again-{event['id']}"
    studio.gathering.post.deliver(told)
    studio.gathering.asks(later(minutes=10))
    left = places_of(IDENTITY, NAME)
    assert left == []


def test_nothing_is_left_where_the_tenant_has_moved_to_another_account(
    acme: Company, globex: Company, studio: Studio
) -> None:
    context = studio.person(IDENTITY).context
    acme.change(account=globex.row.account)
    order(acme)
    carry_on()
    assert places_of(IDENTITY, NAME, str(context).split(".")[1]) == []


def test_a_person_is_out_as_soon_as_the_erasure_is_ordered(acme: Company, studio: Studio) -> None:
    minted = enter(acme.person(IDENTITY), studio.room)
    assert order(acme).status == 202
    assert not Member.objects.filter(identity=IDENTITY).exists()
    assert refresh(acme.person(IDENTITY), studio.room, minted["refresh_token"]).reason == "not_a_member"
    assert mint(acme.person(IDENTITY), studio.room).refusal == (403, "not_a_member")
    assert studio.gathering.evicts() == 1


def test_films_go_first_and_names_after_them(acme: Company, studio: Studio) -> None:
    film = studio.recorded(IDENTITY)
    erasure_id = order(acme).data["id"]
    erasing.go_on_with_all(later(hours=2))
    film.refresh_from_db()
    assert film.state == "deleting"
    assert Participant.objects.filter(identity=IDENTITY).exists()
    shown = acme.back_end.get(f"{ERASURES}/{erasure_id}").data
    assert (shown["state"], shown["identity"]) == ("pending", IDENTITY)
    carry_on()
    assert not studio.is_at_telnyx(film)
    receipt = Deletion.objects.get(footage_id=film.pk)
    assert (receipt.cause, receipt.policy) == ("erasure", {"by": "erasure", "erasure_id": erasure_id})
    assert not Participant.objects.filter(identity=IDENTITY).exists()


def test_names_stay_for_as_long_as_a_token_could_bring_the_person_back(acme: Company, studio: Studio) -> None:
    enter(acme.person(IDENTITY), studio.room, token_ttl_secs=120)
    order(acme)
    erasing.go_on_with_all(later(seconds=100))
    assert Participant.objects.filter(identity=IDENTITY).exists()
    erasing.go_on_with_all(later(seconds=100))
    Erasure.objects.update(due_at=timezone.now())
    erasing.go_on_with_all(later(seconds=200))
    assert Erasure.objects.get().state == "finished"


def test_compositions_that_show_the_person_are_deleted(acme: Company, studio: Studio) -> None:
    film = studio.recorded(IDENTITY)
    composition = Composition.objects.create(
        tenant=acme.row,
        room_id=film.room_id,
        session_id=film.session_id,
        status="completed",
        ordered_by="test",
    )
    order(acme)
    carry_on()
    composition.refresh_from_db()
    assert composition.state == "deleted"


def test_answers_kept_for_others_are_forgotten_where_they_name_the_person(
    acme: Company, globex: Company, studio: Studio
) -> None:
    members = f"/v2/rooms/{studio.room['id']}/members"
    enter(acme.back_end, studio.room, headers={"Idempotency_Key": "a token"}, identity=IDENTITY)
    acme.back_end.post("/v2/bans", {"identity": IDENTITY}, Idempotency_Key="a ban")
    acme.back_end.post("/v2/bans", {"identity": "eve"}, Idempotency_Key="does not open")
    IdempotencyRecord.objects.filter(key="does not open").update(sealed_answer="v1.gone.AAAA")
    acme.back_end.post(members, {"identity": "dot"}, Idempotency_Key="another's")
    globex.back_end.post("/v2/bans", {"identity": IDENTITY}, Idempotency_Key="globex's")
    order(acme)
    carry_on()
    assert Erasure.objects.get().state == "finished"
    assert set(IdempotencyRecord.objects.values_list("key", flat=True)) == {"another's", "globex's"}


def test_other_people_stay_as_they_are(acme: Company, studio: Studio) -> None:
    film = studio.recorded("ana")
    order(acme)
    carry_on()
    film.refresh_from_db()
    assert film.state == "kept"
    assert Participant.objects.filter(identity="ana").exists()
    assert access(acme.back_end, studio.room, "ana").data["admitted"]


def test_another_tenants_person_of_the_same_name_is_untouched(
    acme: Company, globex: Company, simulator: Simulator, studio: Studio
) -> None:
    theirs = Studio.of(globex, simulator, {IDENTITY: "participant"})
    film = theirs.recorded(IDENTITY)
    order(acme)
    carry_on()
    film.refresh_from_db()
    assert (film.state, film.participant.identity) == ("kept", IDENTITY)
    assert mint(globex.person(IDENTITY), theirs.room).status == 201


def test_a_hold_keeps_the_erasure_waiting_until_it_is_lifted(acme: Company, studio: Studio) -> None:
    held, free = studio.recorded(IDENTITY), studio.recorded(IDENTITY, "audio")
    hold = acme.back_end.post("/v2/holds", {"recording_id": str(held.pk), "reason": "case 7"}).data
    erasure_id = order(acme).data["id"]
    carry_on()
    shown = acme.back_end.get(f"{ERASURES}/{erasure_id}").data
    assert shown["state"] == "waiting"
    assert shown["kept"]["recordings"] == {"count": 1, "ids": [str(held.pk)]}
    assert (Recording.objects.get(pk=held.pk).state, Recording.objects.get(pk=free.pk).state) == (
        "kept",
        "deleted",
    )
    assert Participant.objects.filter(identity=IDENTITY).exists()
    acme.back_end.delete(f"/v2/holds/{hold['id']}")
    carry_on()
    assert acme.back_end.get(f"{ERASURES}/{erasure_id}").data["state"] == "finished"
    assert places_of(IDENTITY) == []


def test_a_hold_on_the_person_keeps_their_names(acme: Company, studio: Studio) -> None:
    hold = acme.back_end.post("/v2/holds", {"identity": IDENTITY, "reason": "case 7"}).data
    erasure_id = order(acme).data["id"]
    carry_on()
    shown = acme.back_end.get(f"{ERASURES}/{erasure_id}").data
    assert (shown["state"], shown["kept"]["holds"]["ids"]) == ("waiting", [hold["id"]])
    acme.back_end.delete(f"/v2/holds/{hold['id']}")
    carry_on()
    assert places_of(IDENTITY) == []


def test_a_ban_outlasts_the_erasure(acme: Company, studio: Studio) -> None:
    acme.back_end.post(f"/v2/rooms/{studio.room['id']}/bans", {"identity": IDENTITY, "reason": "rude"})
    order(acme)
    carry_on()
    assert Ban.objects.get().identity.startswith("erased:")
    acme.back_end.post(f"/v2/rooms/{studio.room['id']}/members", {"identity": IDENTITY})
    assert mint(acme.person(IDENTITY), studio.room).refusal == (403, "banned")
    found = acme.back_end.get("/v2/bans", {"filter[identity]": IDENTITY}).data
    assert len(found) == 1
    acme.back_end.delete(f"/v2/bans/{found[0]['id']}")
    assert mint(acme.person(IDENTITY), studio.room).status == 201


def test_who_comes_back_is_somebody_new(acme: Company, studio: Studio) -> None:
    studio.recorded(IDENTITY)
    order(acme)
    settle()
    studio.gathering.hear()
    acme.back_end.post(f"/v2/rooms/{studio.room['id']}/members", {"identity": IDENTITY})
    studio.comes(IDENTITY)
    film = studio.recorded(IDENTITY)
    carry_on()
    assert Erasure.objects.get().state == "finished"
    film.refresh_from_db()
    assert (film.state, film.participant.identity) == ("kept", IDENTITY)
    assert access(acme.back_end, studio.room, IDENTITY).data["admitted"]
    assert Recording.objects.filter(participant__identity=IDENTITY).count() == 1


def test_an_erasure_under_way_is_not_begun_twice(acme: Company, studio: Studio) -> None:
    first, second = order(acme), order(acme)
    assert (first.status, second.status) == (202, 202)
    assert first.data["id"] == second.data["id"]
    carry_on()
    assert order(acme).data["id"] != first.data["id"]


def test_somebody_of_whom_nothing_is_known_is_soon_erased(acme: Company) -> None:
    erasure_id = order(acme, "nobody-ever").data["id"]
    carry_on(rounds=1)
    assert acme.back_end.get(f"{ERASURES}/{erasure_id}").data["state"] == "finished"
    assert places_of("nobody-ever") == []


def test_erasures_are_found_by_whom_they_were_of(acme: Company, globex: Company) -> None:
    erasure_id = order(acme).data["id"]
    order(acme, "cy")
    carry_on(rounds=2)
    found = acme.back_end.get(ERASURES, {"filter[identity]": IDENTITY}).data
    assert [each["id"] for each in found] == [erasure_id]
    assert globex.back_end.get(ERASURES).data == []
    assert globex.back_end.get(f"{ERASURES}/{erasure_id}").refusal == (404, "not_found")


def test_erasing_takes_a_key_that_may(acme: Company) -> None:
    assert acme.key_with("recordings:write").post(ERASURES, {"identity": "bo"}).refusal == (
        403,
        "missing_scope",
    )
    assert acme.person("ana").post(ERASURES, {"identity": "ana"}).refusal == (403, "back_end_only")


def test_the_audit_says_that_somebody_was_erased_and_not_who(acme: Company, studio: Studio) -> None:
    pseudonym = order(acme).data["pseudonym"]
    carry_on()
    entries = AuditEntry.objects.filter(action__startswith="erasure.").order_by("occurred_at")
    assert [(entry.action, entry.subject) for entry in entries] == [
        ("erasure.ordered", pseudonym),
        ("erasure.finished", pseudonym),
    ]
