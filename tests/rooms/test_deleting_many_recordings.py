"""Deleting all recordings that fit a filter over REST: those and no others, never what a hold covers, and never all by
mistake."""

from datetime import timedelta
from operator import attrgetter
from typing import Any

import pytest
from django.utils import timezone

from rooms.models import Deletion, Recording
from tests.asking import Answer
from tests.cast import Company
from tests.rooms.ageing import carry_out_due
from tests.rooms.films import Studio, studio
from tests.rooms.test_deleting_recordings import RECORDINGS, hold, marked_alone, states
from tests.scenes import remembered
from tests.simulated import Simulator
from videobroker.tenants.models import AuditEntry

__all__ = ["studio"]


def delete_all(company: Company, query: str = "") -> Answer:
    return company.back_end.delete(f"{RECORDINGS}?{query}" if query else RECORDINGS)


def test_all_that_fit_the_filters_are_deleted_and_no_others(acme: Company, studio: Studio) -> None:
    picture, voice, other = (
        studio.recorded("bo"),
        studio.recorded("bo", "audio"),
        studio.recorded("ana", "audio"),
    )
    answer = delete_all(acme, f"filter[participant_id]={voice.participant_id}&filter[type]=audio")
    assert (answer.status, answer.data) == (201, {"room_recordings": 1, "held_count": 0, "held": []})
    assert states() == {picture.pk: "kept", voice.pk: "deleting", other.pk: "kept"}


@pytest.fixture
@remembered
def films(acme: Company, simulator: Simulator, studio: Studio) -> dict[str, Recording]:
    """A sound of bo, a picture of ana, one of bo that goes on, and one of ana in another room. Each began two days
    after the one before it, and what is complete took a day."""
    other = Studio.of(acme, simulator, {"ana": "moderator"})
    films = {
        "sound": studio.recorded("bo", "audio", duration_secs=30),
        "picture": studio.recorded("ana", duration_secs=90),
        "going on": studio.filming("bo"),
        "elsewhere": other.recorded("ana", duration_secs=31),
    }
    for days_ago, film in zip((8, 6, 4, 2), films.values(), strict=True):
        film.started_at = timezone.now() - timedelta(days=days_ago)
        film.ended_at = film.started_at + timedelta(days=1) if film.completed_at else None
        film.save()
    return films


# What stands in a film's row under the name of a filter, where it is not called the same.
STANDS_AS = {"date_started_at": "started_at", "date_ended_at": "ended_at", "identity": "participant.identity"}


@pytest.mark.parametrize(
    ("name", "like", "fitting"),
    [
        ("room_id", "picture", ["sound", "picture", "going on"]),
        ("room_id", "elsewhere", ["elsewhere"]),
        ("session_id", "sound", ["sound", "picture", "going on"]),
        ("session_id", "elsewhere", ["elsewhere"]),
        ("participant_id", "picture", ["picture"]),
        ("participant_id", "sound", ["sound", "going on"]),
        ("identity", "picture", ["picture", "elsewhere"]),
        ("status", "going on", ["going on"]),
        ("status", "sound", ["sound", "picture", "elsewhere"]),
        ("type", "sound", ["sound"]),
        ("type", "picture", ["picture", "going on", "elsewhere"]),
        ("duration_secs", "elsewhere", ["picture", "elsewhere"]),
        ("date_started_at][eq", "picture", ["picture"]),
        ("date_started_at][gte", "picture", ["picture", "going on", "elsewhere"]),
        ("date_started_at][lte", "picture", ["sound", "picture"]),
        ("date_ended_at][eq", "picture", ["picture"]),
        ("date_ended_at][gte", "picture", ["picture", "elsewhere"]),
        ("date_ended_at][lte", "picture", ["sound", "picture"]),
    ],
)
def test_whatever_they_are_chosen_by_just_those_that_fit_are_deleted(
    acme: Company, films: dict[str, Recording], name: str, like: str, fitting: list[str]
) -> None:
    column = name.partition("]")[0]
    value = attrgetter(STANDS_AS.get(column, column))(films[like])
    wanted = f"{value:%Y-%m-%d}" if column.startswith("date_") else value
    answer = delete_all(acme, f"filter[{name}]={wanted}")
    assert (answer.status, answer.data["room_recordings"]) == (201, len(fitting))
    assert {each for each, film in films.items() if states()[film.pk] == "deleting"} == set(fitting)


@pytest.mark.parametrize("identity", ["%20bo", "bo%20", "%0Abo"])
def test_nobody_is_deleted_by_a_name_that_is_nearly_theirs(
    acme: Company, studio: Studio, identity: str
) -> None:
    film = studio.recorded("bo")
    assert delete_all(acme, f"filter[identity]={identity}").refusal == (400, "invalid_filter")
    assert states() == {film.pk: "kept"}
    assert not AuditEntry.objects.filter(action="recordings.deleted").exists()


def test_what_is_only_marked_as_held_is_named_as_well(acme: Company, studio: Studio) -> None:
    film, _ = marked_alone(acme, studio)
    answer = acme.back_end.delete(f"{RECORDINGS}?filter[all]=true")
    assert answer.data == {"room_recordings": 0, "held_count": 1, "held": [str(film.pk)]}


def test_held_ones_are_skipped_and_named(acme: Company, studio: Studio) -> None:
    held, free = studio.recorded("bo"), studio.recorded("bo", "audio")
    hold(acme, recording_id=held.pk)
    answer = delete_all(acme, f"filter[room_id]={studio.room['id']}")
    assert answer.data == {"room_recordings": 1, "held_count": 1, "held": [str(held.pk)]}
    assert states() == {held.pk: "kept", free.pk: "deleting"}


def test_without_a_filter_nothing_is_deleted(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    for query in ("", "filter[all]=false"):
        refused = delete_all(acme, query)
        assert (refused.refusal, refused.error["source"]) == (
            (422, "no_filter"),
            {"parameter": "filter[all]"},
        )
    assert states() == {film.pk: "kept"}


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("filter[rom_id]=0ccc7b54-4df3-4bca-a65a-3da1ecc777f0", 400, "unknown_parameter"),
        ("room_id=0ccc7b54-4df3-4bca-a65a-3da1ecc777f0", 400, "unknown_parameter"),
        ("filter[room_id]=", 400, "empty_parameter"),
        ("filter[room_id]=all", 400, "invalid_filter"),
        ("filter[status]=completed&filter[status]=processing", 400, "doubled_parameter"),
        ("filter[all]=perhaps", 400, "invalid_filter"),
        ("filter[all]=true&filter[type]=audio", 422, "invalid"),
        ("filter[all]=true&page[size]=1", 400, "unknown_parameter"),
        ("page[size]=1", 400, "unknown_parameter"),
    ],
)
def test_a_filter_that_is_not_understood_deletes_nothing(
    acme: Company, studio: Studio, query: str, status: int, reason: str
) -> None:
    film = studio.recorded("bo")
    assert delete_all(acme, query).refusal == (status, reason)
    assert states() == {film.pk: "kept"}


def test_all_means_all_of_the_tenant_and_of_no_other(
    acme: Company, globex: Company, simulator: Simulator, studio: Studio
) -> None:
    ours = studio.recorded("bo")
    theirs = Studio.of(globex, simulator, {"gus": "moderator"}).recorded("gus")
    assert delete_all(acme, "filter[all]=true").data["room_recordings"] == 1
    assert states() == {ours.pk: "deleting", theirs.pk: "kept"}


def test_another_tenants_room_holds_nothing_of_ours(acme: Company, globex: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    assert delete_all(globex, f"filter[room_id]={studio.room['id']}").data["room_recordings"] == 0
    assert states() == {film.pk: "kept"}


def test_a_list_does_not_know_the_filter_of_all(acme: Company) -> None:
    assert acme.back_end.get(RECORDINGS, {"filter[all]": "true"}).refusal == (400, "unknown_parameter")


def test_many_are_deleted_by_back_ends_alone(acme: Company, studio: Studio) -> None:
    studio.recorded("bo")
    refused = acme.person("ana").delete(f"{RECORDINGS}?filter[room_id]={studio.room['id']}")
    assert refused.refusal == (403, "back_end_only")


def test_the_order_is_audited_once_and_every_receipt_names_it(acme: Company, studio: Studio) -> None:
    for kind in ("video", "audio"):
        studio.recorded("bo", kind)
    delete_all(acme, "filter[identity]=bo")
    entry = AuditEntry.objects.get(action="recordings.deleted")
    assert entry.details == {"filters": {"filter[identity]": "bo"}}
    policies = {str(each.policy) for each in Deletion.objects.all()}
    assert policies == {str({"by": "bulk_delete", "audit_entry_id": str(entry.pk)})}


def test_many_are_deleted_in_few_queries_each(
    acme: Company, studio: Studio, django_assert_max_num_queries: Any
) -> None:
    pattern = studio.recorded("bo")
    Recording.objects.bulk_create(
        Recording(
            tenant_id=pattern.tenant_id, room_id=pattern.room_id, session_id=pattern.session_id,
            participant_id=pattern.participant_id, telnyx_id=f"00000000-0000-4000-8000-{number:012}",
            status="completed", type="audio",
        )
        for number in range(1000)
    )  # fmt: skip
    with django_assert_max_num_queries(100):
        answer = delete_all(acme, "filter[all]=true")
    assert answer.data["room_recordings"] == 1001
    assert set(states().values()) == {"deleting"}


def test_telnyxs_bulk_delete_is_never_called(acme: Company, studio: Studio) -> None:
    for kind in ("video", "audio"):
        studio.recorded("bo", kind)
    delete_all(acme, "filter[all]=true")
    carry_out_due()
    assert studio.simulator.calls("delete_room_recordings") == []
    assert len(studio.simulator.calls("delete_room_recording")) == 2
