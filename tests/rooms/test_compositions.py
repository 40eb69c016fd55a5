"""Compositions: ordered, made at Telnyx, followed until they are complete, kept and deleted."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms import composing, events
from rooms.models import Composition, Deletion, Footage
from tests.cast import Company
from tests.rooms.compositions import OURS, PATH, CuttingRoom, cutting_room, path, row
from tests.rooms.films import Studio
from tests.rooms.orders import settle
from tests.rooms.webhooks import body_of
from tests.simulated import Simulator
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import AuditEntry, User

__all__ = ["cutting_room"]
LAYOUT = {"board": {"width": 640, "height": 480, "z_pos": -1, "max_columns": 2, "video_sources": ["*"]}}


def test_a_film_is_ordered_made_and_complete(cutting_room: CuttingRoom) -> None:
    asked = cutting_room.ask(resolution="800x600", video_layout=LAYOUT)
    assert asked.status == 202
    shown = asked.data
    assert (shown["record_type"], shown["status"]) == ("room_composition", "enqueued")
    assert (shown["format"], shown["resolution"]) == ("mp4", "800x600")
    assert shown["video_layout"] == {"board": {"x_pos": 0, "y_pos": 0, **LAYOUT["board"]}}
    assert (shown["download_url"], shown["completed_at"], shown["expires_at"]) == (None, None, None)
    operation = f"/v2/operations/{shown['operation_id']}"
    assert cutting_room.back_end.get(operation).data["kind"] == "compose"
    settle()
    composition = row(shown)
    assert cutting_room.back_end.get(operation).data["result"] == {
        "telnyx_id": str(composition.telnyx_id), "found_again": False,
    }  # fmt: skip
    cutting_room.await_complete(composition)
    cutting_room.asks_about(composition)
    complete = cutting_room.back_end.get(path(composition)).data
    assert (complete["status"], complete["failed_because"]) == ("completed", "")
    assert complete["download_url"] == f"{OURS}{path(composition)}/download"
    assert complete["size_mb"] > 0
    assert complete["duration_secs"] > 0
    assert complete["expires_at"] is not None
    assert "operation_id" not in complete


def test_telnyx_is_told_our_address_with_our_key_and_never_the_tenants(cutting_room: CuttingRoom) -> None:
    theirs = {"webhook_event_url": "https://acme.example/film", "webhook_timeout_secs": 3}
    composition = cutting_room.sent(video_layout=LAYOUT, **theirs)
    [made] = cutting_room.at_telnyx(composition)
    account = cutting_room.studio.gathering.company.row.account_id
    assert made["webhook_event_url"] == f"{OURS}/webhooks/telnyx/{account}?composition={composition.pk}"
    assert made["video_layout"]["board"]["max_columns"] == 2
    assert made["id"] == str(composition.telnyx_id)
    shown = cutting_room.back_end.get(path(composition)).data
    assert {name: shown[name] for name in theirs} == theirs


def test_the_telling_of_its_completion_is_signed_and_believed_with_the_key_in_its_address(
    cutting_room: CuttingRoom,
) -> None:
    composition = cutting_room.sent()
    cutting_room.await_complete(composition)
    gathering = cutting_room.studio.gathering
    [told] = [event for event in gathering.told() if event["event_type"].endswith("composition.completed")]
    where = f"{gathering.post.path}?composition={composition.pk}"
    body = body_of(told["event_type"], told["payload"], event_id=told["id"])
    assert gathering.post.hand_in(body, path=where).status == 200
    events.apply_all()
    composition.refresh_from_db()
    assert composition.status == "completed"
    assert composition.expires_at is not None


def test_layouts_name_recordings_by_our_ids_and_telnyx_is_told_its_own(cutting_room: CuttingRoom) -> None:
    ana = cutting_room.studio.recorded("ana")
    layout = {"left": {"width": 320, "video_sources": [str(ana.pk)]}, "a/b": {"video_sources": "*"}}
    composition = cutting_room.sent(video_layout=layout)
    shown = cutting_room.back_end.get(path(composition)).data["video_layout"]
    assert shown["left"]["video_sources"] == [str(ana.pk)]
    told = cutting_room.at_telnyx(composition)[0]["video_layout"]
    assert told["left"]["video_sources"] == [str(ana.telnyx_id)]
    assert told["a/b"]["video_sources"] == ["*"]


def test_a_layout_shows_nothing_but_videos_of_its_own_session(
    cutting_room: CuttingRoom, globex: Company, simulator: Simulator
) -> None:
    sound = cutting_room.studio.recorded("bo", "audio")
    foreign = Studio.of(globex, simulator, {"gus": "moderator"}).recorded("gus")
    never = uuid.uuid4()
    raws = []
    for source in (sound.pk, foreign.pk, never):
        layout = {"a/b": {"video_sources": [str(source)]}}
        refused = cutting_room.ask(video_layout=layout)
        assert refused.refusal == (422, "invalid")
        assert refused.error["source"] == {"pointer": "/video_layout/a~1b/video_sources/0"}
        raws.append(refused.error["detail"])
    assert len(set(raws)) == 1
    assert not Composition.objects.exists()


def test_moderators_have_films_made_of_their_room_and_nobody_else_does(
    cutting_room: CuttingRoom, acme: Company
) -> None:
    assert cutting_room.ask(acme.person("ana")).status == 202
    assert cutting_room.ask(acme.person("bo")).refusal == (403, "not_a_moderator")
    assert cutting_room.ask(acme.person("cy")).refusal == (403, "not_a_member")
    refused = AuditEntry.objects.filter(action="composition.ordered", outcome="refused")
    assert set(refused.values_list("actor", "reason")) == {("bo", "not_a_moderator"), ("cy", "not_a_member")}


def test_where_it_is_told_is_the_owners_to_say_and_to_see(cutting_room: CuttingRoom, acme: Company) -> None:
    theirs = {"webhook_event_url": "https://acme.example/film"}
    assert cutting_room.ask(acme.person("ana"), **theirs).refusal == (403, "back_end_only")
    composition = cutting_room.ordered(**theirs)
    assert acme.person("ana").get(path(composition)).data["webhook_event_url"] == ""


def test_a_session_of_another_tenant_is_answered_like_one_that_never_was(
    cutting_room: CuttingRoom, globex: Company
) -> None:
    headers = {"X_Request_Id": "same"}
    foreign = globex.back_end.post(PATH, {"session_id": cutting_room.session_id}, **headers)
    unknown = globex.back_end.post(PATH, {"session_id": str(uuid.uuid4())}, **headers)
    assert foreign.refusal == (422, "invalid")
    assert foreign.error["source"] == {"pointer": "/session_id"}
    assert foreign.raw == unknown.raw


def test_one_of_another_tenant_is_not_there(cutting_room: CuttingRoom, globex: Company) -> None:
    where = path(cutting_room.ordered())
    assert globex.back_end.get(where).refusal == (404, "not_found")
    assert globex.back_end.delete(where).refusal == (404, "not_found")
    assert globex.back_end.patch(where, {"retain_until": None}).refusal == (404, "not_found")
    assert globex.back_end.get(f"{where}/download").refusal == (404, "not_found")
    assert globex.back_end.get(PATH).data == []


def test_without_a_session_there_is_no_film(cutting_room: CuttingRoom) -> None:
    refused = cutting_room.back_end.post(PATH, {"format": "mp4"})
    assert refused.refusal == (422, "required")
    assert refused.error["source"] == {"pointer": "/session_id"}


def test_of_nothing_there_is_no_film(studio: Studio) -> None:
    session = str(studio.gathering.session.pk)
    refused = studio.gathering.company.back_end.post(PATH, {"session_id": session})
    assert refused.refusal == (409, "nothing_recorded")
    assert not Composition.objects.exists()


def test_the_same_request_orders_one_film(cutting_room: CuttingRoom) -> None:
    body, key = {"session_id": cutting_room.session_id}, {"Idempotency_Key": "once"}
    first = cutting_room.back_end.post(PATH, body, **key)
    again = cutting_room.back_end.post(PATH, body, **key)
    assert (first.status, again.status) == (202, 202)
    assert first.data == again.data
    settle()
    assert cutting_room.made() == 1


def test_a_refusal_of_telnyxs_is_told_on_the_film(cutting_room: CuttingRoom, simulator: Simulator) -> None:
    simulator.fault("status", "create_room_composition", status=422)
    composition = cutting_room.sent()
    shown = cutting_room.back_end.get(path(composition)).data
    assert shown["status"] == "enqueued"
    assert "refused (422" in shown["failed_because"]
    download = cutting_room.back_end.get(f"{path(composition)}/download")
    assert download.refusal == (409, "not_complete")
    assert f"there will be none: {shown['failed_because']}" in download.error["detail"]
    assert cutting_room.order_of(composition).state == "failed"
    assert cutting_room.made() == 0
    assert cutting_room.back_end.delete(path(composition)).status == 204


def test_two_who_order_again_what_was_given_up_order_it_once(
    cutting_room: CuttingRoom, simulator: Simulator
) -> None:
    simulator.fault("status", "create_room_composition", status=422, times=1)
    composition = cutting_room.sent()
    assert composing.may_be_ordered_again(composition)
    order = cutting_room.order_of(composition)
    first, second = (composing.order_again(HOUSE, composition, order) for _ in range(2))
    assert first == second != order
    settle()
    assert cutting_room.made() == 1


def test_who_has_lost_the_right_meanwhile_gets_no_film(cutting_room: CuttingRoom, acme: Company) -> None:
    asked = cutting_room.ask(acme.person("ana"))
    members = f"/v2/rooms/{cutting_room.studio.room['id']}/members"
    ana = acme.back_end.get(members, {"filter[identity]": "ana"}).data[0]
    acme.back_end.patch(f"{members}/{ana['id']}", {"role": "participant"})
    settle()
    composition = row(asked.data)
    assert "not_authorized" in composition.failed_because
    assert cutting_room.made() == 0


def test_who_was_deactivated_meanwhile_gets_no_film(cutting_room: CuttingRoom, acme: Company) -> None:
    asked = cutting_room.ask(acme.person("ana"))
    User.objects.create(username="ana", tenant=acme.row, identity="ana", is_active=False)
    settle()
    assert "not_authorized" in row(asked.data).failed_because
    assert cutting_room.made() == 0


def test_who_was_banned_meanwhile_gets_no_film(cutting_room: CuttingRoom, acme: Company) -> None:
    asked = cutting_room.ask(acme.person("ana"))
    bans = f"/v2/rooms/{cutting_room.studio.room['id']}/bans"
    assert acme.back_end.post(bans, {"identity": "ana"}).status == 201
    settle()
    assert "not_authorized" in row(asked.data).failed_because
    assert cutting_room.made() == 0


def test_lists_are_filtered_as_telnyxs(cutting_room: CuttingRoom, acme: Company) -> None:
    complete, ordered = cutting_room.completed(), cutting_room.ordered()

    def listed(**filters: str) -> list[str]:
        asked = {f"filter[{name}]": value for name, value in filters.items()}
        return [each["id"] for each in acme.back_end.get(PATH, asked).data]

    assert listed() == [str(ordered.pk), str(complete.pk)]
    assert listed(status="completed") == [str(complete.pk)]
    assert listed(status="enqueued") == [str(ordered.pk)]
    assert listed(session_id=cutting_room.session_id) == listed(room_id=cutting_room.studio.room["id"])
    assert listed(session_id=str(uuid.uuid4())) == []


def test_a_film_is_found_by_how_far_it_is(cutting_room: CuttingRoom, acme: Company) -> None:
    made = {}
    for status in Composition.Status.values:
        made[status] = str(cutting_room.ordered().pk)
        Composition.objects.filter(pk=made[status]).update(status=status)
    assert sorted(made) == ["completed", "enqueued", "processing"]
    for status, only in made.items():
        found = acme.back_end.get(PATH, {"filter[status]": status}).data
        assert [(each["id"], each["status"]) for each in found] == [(only, status)]


@pytest.mark.parametrize(("comparison", "expected"), [("eq", [1, 2]), ("gte", [1, 2, 3]), ("lte", [0, 1, 2])])
def test_a_film_is_found_by_the_day_on_which_it_was_ordered(
    cutting_room: CuttingRoom, acme: Company, comparison: str, expected: list[int]
) -> None:
    """It is of no matter that all of them were changed today."""
    day = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=5)
    a_moment, a_day = timedelta(microseconds=1), timedelta(days=1)
    ordered = []
    for at in (day - a_moment, day, day + a_day - a_moment, day + a_day):
        ordered.append(str(cutting_room.ordered().pk))
        Composition.objects.filter(pk=ordered[-1]).update(seen_at=at)
    found = acme.back_end.get(PATH, {f"filter[date_created_at][{comparison}]": f"{day:%Y-%m-%d}"}).data
    assert {each["id"] for each in found} == {ordered[place] for place in expected}


def test_a_long_list_is_read_with_as_few_questions_as_a_short_one(
    cutting_room: CuttingRoom, acme: Company
) -> None:
    def questions() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert acme.back_end.get(PATH).status == 200
        return len(asked)

    cutting_room.ordered()
    few = questions()
    for _ in range(5):
        cutting_room.ordered()
    assert questions() == few


def test_it_is_seen_by_moderators_of_its_room_only(cutting_room: CuttingRoom, acme: Company) -> None:
    composition = cutting_room.ordered()
    assert [each["id"] for each in acme.person("ana").get(PATH).data] == [str(composition.pk)]
    for other in ("bo", "cy"):
        assert acme.person(other).get(PATH).data == []
        assert acme.person(other).get(path(composition)).status == 404
        assert acme.person(other).delete(path(composition)).status == 404
    refused = AuditEntry.objects.filter(action="composition.deleted", outcome="refused", reason="not_found")
    assert set(refused.values_list("actor", "subject")) == {
        (who, str(composition.pk)) for who in ("bo", "cy")
    }


def test_a_moderator_deletes_one_and_there_is_a_receipt(cutting_room: CuttingRoom, acme: Company) -> None:
    composition = cutting_room.completed()
    assert acme.person("ana").delete(path(composition)).status == 204
    assert acme.back_end.get(path(composition)).status == 404
    assert acme.back_end.delete(path(composition)).status == 404
    deletion = Deletion.objects.get(footage_id=composition.pk)
    assert (deletion.cause, deletion.kind, deletion.ordered_by) == ("ordered", "composition", "identity:ana")
    assert AuditEntry.objects.filter(action="composition.deleted", actor="ana", outcome="done").exists()


def test_a_held_one_is_not_deleted(cutting_room: CuttingRoom, acme: Company) -> None:
    composition = cutting_room.completed()
    held = acme.back_end.post("/v2/holds", {"composition_id": str(composition.pk), "reason": "case"})
    assert held.status == 201
    assert acme.back_end.get(path(composition)).data["held"] is True
    assert acme.back_end.delete(path(composition)).refusal == (409, "held")
    assert Composition.objects.get().state == Footage.State.KEPT


def test_one_that_is_made_under_a_hold_on_its_room_is_held_from_the_start(
    cutting_room: CuttingRoom, acme: Company
) -> None:
    acme.back_end.post("/v2/holds", {"room_id": cutting_room.studio.room["id"], "reason": "case"})
    assert cutting_room.ask().data["held"] is True
    assert Composition.objects.get().held


def test_a_back_end_keeps_one_for_longer(cutting_room: CuttingRoom, acme: Company) -> None:
    composition = cutting_room.completed()
    until = (timezone.now() + timedelta(days=400)).isoformat()
    assert acme.person("ana").patch(path(composition), {"retain_until": until}).refusal == (
        403,
        "back_end_only",
    )
    kept = acme.back_end.patch(path(composition), {"retain_until": until})
    assert kept.status == 200
    assert kept.data["expires_at"] == kept.data["retain_until"] is not None
    soon = acme.back_end.patch(path(composition), {"retain_until": timezone.now().isoformat()})
    assert soon.error["source"] == {"pointer": "/retain_until"}


def test_downloading_leads_to_a_fresh_link(cutting_room: CuttingRoom, acme: Company) -> None:
    composition = cutting_room.completed()
    led = acme.person("ana").get(f"{path(composition)}/download")
    assert led.status == 302
    assert f"/compositions/{composition.telnyx_id}" in led.headers["Location"]
    assert acme.back_end.ask("HEAD", f"{path(composition)}/download", None).status == 405
    assert acme.person("bo").get(f"{path(composition)}/download").status == 404
    unfinished = cutting_room.ordered()
    assert acme.back_end.get(f"{path(unfinished)}/download").refusal == (409, "not_complete")


@pytest.mark.parametrize("people", [False, True])
def test_what_was_recorded_in_a_deleted_room_is_its_owners(
    cutting_room: CuttingRoom, acme: Company, people: bool
) -> None:
    acme.back_end.delete(f"/v2/rooms/{cutting_room.studio.room['id']}")
    settle()
    asked = cutting_room.ask(acme.person("ana") if people else None)
    assert asked.status == (422 if people else 202)
    settle()
    assert cutting_room.made() == (0 if people else 1)
