"""`/metrics`: who may read it, and that its figures are what the rows and this process say."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from rooms import holding, reconciling
from rooms.models import (
    STUBBORN_AFTER,
    Deletion,
    Event,
    Operation,
    Participant,
    PurgeRun,
    Recording,
    Removal,
    Room,
    Session,
    Tally,
)
from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.pages import OPERATING, named, rows
from tests.rooms.ageing import purge, stocked
from tests.rooms.films import Studio, studio
from tests.simulated import Simulator
from tests.tokens.doors import enter, mint, refresh
from videobroker.secret import Secret
from videobroker.tenants.callers import HOUSE

__all__ = ["studio"]

TOKEN = "a token that only our Prometheus has"
Labels = dict[str, str]
Read = Callable[..., float | None]


@pytest.fixture
def metrics_token(db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = Secret(TOKEN)


@pytest.fixture
def read(metrics_token: None) -> Read:
    """The value of one figure now; None if it is not there."""

    def value(name: str, **labels: str) -> float | None:
        return figures().get((name, tuple(sorted(labels.items()))))

    return value


def scrape() -> Answer:
    return Asker(TOKEN).get("/metrics")


def figures() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(scrape().raw.decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def gather(acme: Company, simulator: Simulator, room: Json) -> Room:
    """Bo is in, and Mallory, who shows no context."""
    bo = enter(acme.person("bo"), room)
    simulator.join(bo["token"], bo["context"])
    simulator.join(enter(acme.person("ana"), room)["token"], None)
    row = Room.objects.select_related("account", "tenant").get(pk=room["id"])
    reconciling.reconcile(row, now=timezone.now())
    return row


# --- Who may ----------------------------------------------------------------------------------------------


def test_there_is_no_such_page_without_a_token_in_the_settings(db: None) -> None:
    for asker in (Asker(), Asker(""), Asker(TOKEN)):
        assert asker.get("/metrics").refusal == (404, "not_found")


@pytest.mark.parametrize("bearer", [None, "", "wrong", TOKEN[:-1], TOKEN + "x", "é" * 20])
def test_another_token_is_refused(metrics_token: None, bearer: str | None) -> None:
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    refused = Asker().get("/metrics", **headers)
    assert refused.refusal == (401, "invalid_metrics_token")
    assert TOKEN not in refused.raw.decode()


def test_another_scheme_is_refused(metrics_token: None) -> None:
    assert Asker().get("/metrics", Authorization=f"Basic {TOKEN}").status == 401


def test_a_tenants_key_does_not_open_it(metrics_token: None, acme: Company) -> None:
    assert acme.back_end.get("/metrics").refusal == (401, "invalid_metrics_token")


def test_it_is_prometheus_text_and_not_kept_by_caches(metrics_token: None) -> None:
    told = scrape()
    assert told.status == 200
    assert told.headers["Content-Type"].startswith("text/plain; version=")
    assert told.headers["Cache-Control"] == "no-store"


def test_nobody_writes_to_it(metrics_token: None) -> None:
    assert Asker(TOKEN).ask("POST", "/metrics", None).status == 405


# --- What it says -----------------------------------------------------------------------------------------


def test_orders_by_kind_and_state_and_how_long_the_oldest_is_due(read: Read, demo_room: Json) -> None:
    due_at = timezone.now() - timedelta(seconds=90)
    Operation.objects.update(due_at=due_at)
    assert read("videobroker_operations_unfinished", kind="create_room", state="pending") == 1
    assert 90 <= (read("videobroker_operations_oldest_due_seconds") or 0) < 150
    Operation.objects.update(state="succeeded")
    assert read("videobroker_operations_unfinished", kind="create_room", state="pending") is None
    assert read("videobroker_operations_oldest_due_seconds") == 0


def test_an_order_that_waits_for_its_time_is_not_overdue(read: Read, demo_room: Json) -> None:
    Operation.objects.update(due_at=Now() + timedelta(minutes=5))
    assert read("videobroker_operations_oldest_due_seconds") == 0


def test_webhooks_that_wait_or_were_put_aside(read: Read, acme: Company) -> None:
    states = ["pending", "pending", "foreign", "failed", "applied", "unhandled"]
    for number, state in enumerate(states):
        Event.objects.create(
            account=acme.row.account, telnyx_id=str(number), event_type="x", occurred_at=timezone.now(),
            payload={}, state=state,
        )  # fmt: skip
    assert read("videobroker_events_pending") == 2
    assert read("videobroker_events_put_aside_last_hour", state="failed") == 1
    assert read("videobroker_events_put_aside_last_hour", state="foreign") == 1
    Event.objects.update(received_at=timezone.now() - timedelta(hours=2))
    assert read("videobroker_events_pending") == 2
    assert read("videobroker_events_put_aside_last_hour", state="failed") is None


def test_who_is_in_and_who_of_them_nobody_can_name(
    read: Read, acme: Company, simulator: Simulator, demo_room: Json
) -> None:
    gather(acme, simulator, demo_room)
    assert read("videobroker_sessions_live") == 1
    assert read("videobroker_people_present") == 2
    assert read("videobroker_people_unattributed") == 1
    Participant.objects.filter(identity="bo").update(left_at=timezone.now())
    assert read("videobroker_people_present") == 1
    Session.objects.update(ended_at=timezone.now())
    assert (read("videobroker_sessions_live"), read("videobroker_people_present")) == (0, 0)


def test_grants_that_are_open(read: Read, acme: Company, demo_room: Json) -> None:
    enter(acme.person("bo"), demo_room)
    enter(acme.person("ana"), demo_room)
    assert read("videobroker_grants_open") == 2
    acme.back_end.post(f"/v2/rooms/{demo_room['id']}/bans", {"identity": "bo"})
    assert read("videobroker_grants_open") == 1


def test_drift_that_was_healed(read: Read, acme: Company, simulator: Simulator, demo_room: Json) -> None:
    assert read("videobroker_drift_healed_total") == 0
    gather(acme, simulator, demo_room)  # no webhook told of any of it
    assert read("videobroker_drift_healed_total") == 3


def test_rooms_that_vanished_at_telnyx(
    read: Read, acme: Company, simulator: Simulator, demo_room: Json
) -> None:
    row = gather(acme, simulator, demo_room)
    simulator.api("DELETE", f"/rooms/{row.telnyx_id}", key=acme.telnyx_key)
    reconciling.reconcile(row, now=timezone.now())
    assert read("videobroker_rooms_vanished_total") == 1


def test_orphans_that_were_deleted(read: Read, acme: Company, simulator: Simulator, demo_room: Json) -> None:
    row = gather(acme, simulator, demo_room)
    Room.objects.filter(pk=row.pk).update(deleted_at=timezone.now(), telnyx_id=None, upstream="absent")
    Operation.objects.update(state="succeeded")
    for _ in range(2):
        reconciling.check_account(acme.row.account, now=timezone.now())
    assert read("videobroker_orphans_deleted_total") == 1


def test_erasures_that_are_not_finished(read: Read, acme: Company) -> None:
    assert read("videobroker_erasures_unfinished", state="pending") is None
    acme.back_end.post("/v2/erasures", {"identity": "bo"})
    assert read("videobroker_erasures_unfinished", state="pending") == 1
    oldest = read("videobroker_erasures_oldest_seconds")
    assert oldest is not None
    assert 0 < oldest < 60


def test_what_is_stored_expired_and_held(read: Read, studio: Studio) -> None:
    for name in ("stored", "expired", "held"):
        assert read(f"videobroker_footage_{name}", kind="recording") == 0
    old, held = stocked(studio, 2, days_ago=40)
    stocked(studio, 3, days_ago=2)
    holding.place(HOUSE, studio.gathering.row.tenant, {"recording": held}, reason="a quarrel", holder="dee")
    found = [read(f"videobroker_footage_{name}", kind="recording") for name in ("stored", "expired", "held")]
    assert found == [5, 2, 1]
    Recording.objects.filter(pk=old.pk).update(state="deleted")
    assert read("videobroker_footage_stored", kind="recording") == 4
    assert read("videobroker_footage_stored", kind="composition") == 0


def test_purges_and_how_far_they_are(read: Read, studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 3
    stocked(studio, 5, days_ago=40)
    purge()
    assert read("videobroker_purges", state="stopped") == 1
    assert [read("videobroker_purge_footage", part=part) for part in ("due", "begun")] == [5, 0]
    settings.PURGE_FREE_COUNT = 100
    PurgeRun.objects.update(checked_at=None)
    purge()
    assert read("videobroker_purges", state="stopped") is None
    assert read("videobroker_purges", state="running") == 1
    assert [read("videobroker_purge_footage", part=part) for part in ("due", "begun")] == [5, 5]
    PurgeRun.objects.update(checked_at=None)
    purge(timezone.now() + timedelta(days=3650))
    assert read("videobroker_purges", state="refused") == 1


def test_deletions_that_are_not_done_and_those_set_aside(read: Read, studio: Studio) -> None:
    assert read("videobroker_deletions_oldest_seconds") == 0
    stocked(studio, 3, days_ago=40)
    purge()
    assert read("videobroker_deletions_unfinished", cause="retention") == 3
    Deletion.objects.update(begun_at=timezone.now() - timedelta(hours=2))
    assert 7200 <= (read("videobroker_deletions_oldest_seconds") or 0) < 7300
    Deletion.objects.filter(pk=Deletion.objects.all()[0].pk).update(state="blocked")
    assert read("videobroker_deletions_blocked") == 1
    assert read("videobroker_deletions_unfinished", cause="retention") == 2
    Deletion.objects.update(state="done")
    assert read("videobroker_deletions_blocked") == 0
    assert read("videobroker_deletions_unfinished", cause="retention") is None


def test_deletions_that_are_tried_in_vain(read: Read, studio: Studio) -> None:
    stocked(studio, 2, days_ago=40)
    purge()
    Deletion.objects.update(attempts=STUBBORN_AFTER - 1)
    assert read("videobroker_deletions_stubborn") == 0
    Deletion.objects.filter(pk=Deletion.objects.all()[0].pk).update(attempts=STUBBORN_AFTER)
    assert read("videobroker_deletions_stubborn") == 1
    assert read("videobroker_deletions_unfinished", cause="retention") == 2
    Deletion.objects.update(state="done")
    assert read("videobroker_deletions_stubborn") == 0


def test_a_tally_counts_on(db: None) -> None:
    for by in (1, 4):
        Tally.add(Tally.Name.DRIFT_HEALED, by)
    assert Tally.objects.get().value == 5


def test_webhooks_that_were_refused(read: Read, acme: Company) -> None:
    path, name = f"/webhooks/telnyx/{acme.row.account_id}", "videobroker_webhooks_refused_total"
    reason = Asker().post(path, {}).reason
    counted = read(name, reason=reason)
    assert counted
    Asker().post(path, {})
    assert read(name, reason=reason) == counted + 1


def test_mints_and_refreshes_by_what_came_of_them(read: Read, acme: Company, demo_room: Json) -> None:
    def count(action: str, outcome: str) -> float:
        return read("videobroker_tokens_asked_total", action=action, outcome=outcome) or 0

    asked = [
        ("mint", "granted"),
        ("mint", "not_a_member"),
        ("refresh", "granted"),
        ("refresh", "invalid_refresh_token"),
    ]
    before = [count(*each) for each in asked]
    bo = acme.person("bo")
    minted = enter(bo, demo_room)
    assert mint(acme.person("cy"), demo_room).status == 403
    assert refresh(bo, demo_room, minted["refresh_token"]).status == 201
    assert refresh(bo, demo_room, "garbage").status == 403
    assert [count(*each) for each in asked] == [value + 1 for value in before]


def test_calls_of_telnyx_by_operation_and_outcome(
    read: Read, acme: Company, simulator: Simulator, demo_room: Json
) -> None:
    def count(outcome: str) -> float:
        name = "videobroker_telnyx_call_seconds_count"
        return read(name, operation="generate_join_client_token", outcome=outcome) or 0

    good, bad = count("ok"), count("server_failed")
    enter(acme.person("bo"), demo_room)
    simulator.fault("status", "create_room_client_token", status=500)
    assert mint(acme.person("ana"), demo_room).status == 503
    assert count("ok") == good + 1
    assert count("server_failed") > bad


def test_nothing_of_a_tenant_stands_in_it(
    metrics_token: None, acme: Company, simulator: Simulator, demo_room: Json
) -> None:
    gather(acme, simulator, demo_room)
    text = scrape().raw.decode()
    for private in (demo_room["id"], str(acme.row.pk), "acme", "demo", acme.telnyx_key, acme.api_key):
        assert private not in text


def test_looking_asks_as_much_of_a_full_house_as_of_an_empty_one(
    metrics_token: None, acme: Company, simulator: Simulator, demo_room: Json
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert scrape().status == 200
        return len(captured)

    empty = queries()
    row = gather(acme, simulator, demo_room)
    Removal.objects.create(
        room=row, identity="bo", removed_at=timezone.now(), watched_until_at=timezone.now()
    )
    assert queries() == empty < 20


def test_every_figure_is_explained_to_who_is_on_call_and_no_other(db: None) -> None:
    ours = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in REGISTRY.collect()
        if family.name.startswith("videobroker_")
    }
    assert {named(cells[0])[0] for cells in rows(OPERATING.section("Figures"))} == ours
