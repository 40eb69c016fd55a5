"""`manage.py purge`: what would go and why, what goes here and now, and what was stopped."""

from contextlib import nullcontext
from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from rooms import holding
from rooms.management.commands import purge as purge_command
from rooms.models import STUBBORN_AFTER, Deletion, PurgeRun, Recording
from tests.cast import Company
from tests.rooms.ageing import days_pass, deleted_at_telnyx, deletes, purge, stocked
from tests.rooms.deletions import DELETE
from tests.rooms.films import Studio
from videobroker.tenants.callers import HOUSE

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("purge", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_a_dry_run_says_what_would_go_and_why_and_deletes_nothing(studio: Studio) -> None:
    due, held, young = studio.recorded("bo"), studio.recorded("ana"), studio.recorded("bo", "audio")
    row = studio.gathering.row
    holding.place(HOUSE, row.tenant, {"recording": held}, reason="a quarrel", holder="dee's lawyer")
    days_pass(31, due, held)
    due.refresh_from_db()
    header, first, second, total = run("--dry-run").splitlines()
    assert header.split("\t")[:3] == ["tenant", "kind", "id"]
    assert due.completed_at is not None
    assert due.expires_at is not None
    assert first.split("\t") == [
        "acme", "recording", str(due.pk), str(due.room_id), str(due.session_id), "bo",
        due.completed_at.isoformat(), "tenant 30 days", due.expires_at.isoformat(),
    ]  # fmt: skip
    assert second.split("\t")[2] == str(held.pk)
    assert "dee's lawyer (a quarrel)" in second
    assert total == "acme: 1 would be deleted, 1 held"
    assert str(young.pk) not in first + second
    assert not Deletion.objects.exists()
    assert not PurgeRun.objects.exists()
    assert deletes(studio.simulator) == []


def test_a_dry_run_says_when_it_would_be_too_much(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 2
    stocked(studio, 3, days_ago=40)
    assert "3 of 3 is too large a share" in run("--dry-run")


@pytest.mark.parametrize("arguments", [["--dry-run"], []])
def test_with_a_clock_that_jumped_it_says_that_nothing_goes(studio: Studio, arguments: list[str]) -> None:
    stocked(studio, 3, days_ago=40)
    studio.simulator.settings(clock_offset_secs=3600)
    out = StringIO()
    with nullcontext() if arguments else pytest.raises(CommandError, match="1 of the purges did not go"):
        call_command("purge", *arguments, stdout=out, stderr=out)
    told = out.getvalue().splitlines()[-1]
    assert "our clock says" in told
    assert ("nothing as long as the clocks do not agree" if arguments else "Put the clock right") in told
    assert "--allow" not in told
    assert deletes(studio.simulator) == []


class Terminal(StringIO):
    """Somebody looks on."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_bar_grows_until_all_is_deleted(studio: Studio) -> None:
    stocked(studio, 30, days_ago=40)
    out = Terminal()
    call_command("purge", stdout=out, no_color=True)
    bars = [part for part in out.getvalue().split("\r") if part.startswith("[")]
    assert bars[0].count("#") < purge_command.BAR
    assert bars[-1].startswith(f"[{'#' * purge_command.BAR}] 30 of 30 deleted")
    assert out.getvalue().splitlines()[-1] == "acme: 30 deleted"


def test_it_purges_to_the_end_and_says_so(studio: Studio) -> None:
    films = stocked(studio, 30, days_ago=40)
    told = run()
    assert told.splitlines()[-1] == "acme: 30 deleted"
    assert sorted(deleted_at_telnyx(studio.simulator)) == sorted(str(film.telnyx_id) for film in films)
    assert Recording.objects.filter(state="deleted").count() == 30
    assert run() == "nothing has expired\n"


def test_of_one_tenant_only(studio: Studio, globex: Company) -> None:
    theirs = Studio.of(globex, studio.simulator, {"ana": "moderator"})
    stocked(studio, 2, days_ago=40)
    stocked(theirs, 2, days_ago=40)
    assert run("--tenant", "globex").splitlines()[-1] == "globex: 2 deleted"
    assert set(Recording.objects.filter(state="kept").values_list("tenant__slug", flat=True)) == {"acme"}
    with pytest.raises(CommandError, match="there is no tenant 'nobody'"):
        run("--tenant", "nobody")


def test_what_is_stopped_fails_says_why_and_is_let_go_on(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 2
    stocked(studio, 3, days_ago=40)
    out = StringIO()
    with pytest.raises(CommandError, match="1 of the purges did not go through"):
        call_command("purge", stdout=out, stderr=out)
    stopped = PurgeRun.objects.get()
    assert (
        "acme: stopped: 3 of 3 stored would go: more than 25%. "
        f"See `purge --dry-run`, then `purge --allow {stopped.pk}`" in out.getvalue()
    )
    assert run("--allow", str(stopped.pk)) == "acme: allowed, 3 of 3 will be deleted\n"
    assert run().splitlines()[-1] == "acme: 3 deleted"
    for unknown in (stopped.pk, uuid4()):
        with pytest.raises(CommandError, match="that is stopped"):
            run("--allow", str(unknown))


def test_what_was_set_aside_is_counted_and_tried_again(studio: Studio) -> None:
    stocked(studio, 1, days_ago=40)
    fault = studio.simulator.fault(
        "mutate", "view_room_recording", field="data.session_id", value=str(uuid4())
    )
    assert run().splitlines()[-1] == "acme: 0 deleted, 1 set aside"
    blocked = Deletion.objects.get(state="blocked")
    studio.simulator.control("DELETE", f"faults/{fault}")
    assert "is tried again" in run("--unblock", str(blocked.pk))
    with pytest.raises(CommandError, match="that was set aside"):
        run("--unblock", str(blocked.pk))


def test_it_ends_though_telnyx_refuses_one_for_ever(studio: Studio) -> None:
    refused, *others = stocked(studio, 3, days_ago=40)
    purge()
    Deletion.objects.filter(footage_id=refused.pk).update(attempts=STUBBORN_AFTER - 1)
    studio.simulator.fault("status", DELETE, match={"path": str(refused.telnyx_id)}, status=422)
    assert run().splitlines()[-1] == "acme: 2 deleted, 1 refused by Telnyx so far"
    assert set(deleted_at_telnyx(studio.simulator)) == {str(film.telnyx_id) for film in others}
    assert Deletion.objects.get(footage_id=refused.pk).state == "pending"
    assert PurgeRun.objects.get().state == "finished"


def test_purges_of_workers_are_gone_on_with(studio: Studio) -> None:
    stocked(studio, 3, days_ago=40)
    purge()
    assert Deletion.objects.filter(state="pending").count() == 3
    Deletion.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert run().splitlines()[-1] == "acme: 3 deleted"


# --- A Telnyx that is silent ------------------------------------------------------------------------------


def test_while_telnyx_is_silent_it_says_so_and_ends(studio: Studio) -> None:
    stocked(studio, 2, days_ago=40)
    studio.simulator.fault("reset", "list_rooms")
    assert "but nothing as long as the clocks cannot be compared" in run("--dry-run")
    out = StringIO()
    with pytest.raises(CommandError, match="1 of the purges did not go through"):
        call_command("purge", "--patience", "0.2", stdout=out, stderr=out)
    told = out.getvalue().splitlines()
    assert "waiting for Telnyx" in told
    assert told[-1].startswith("acme: running: the clocks cannot be compared: list_rooms")
    assert told[-1].endswith(
        "2 left, of which nothing is deleted until Telnyx answers; the workers go on then"
    )
    assert len(studio.simulator.calls("list_rooms")) < 10
    assert "cannot be compared" in PurgeRun.objects.get().why
    studio.simulator.clear_faults()
    assert run().splitlines()[-1] == "acme: 2 deleted"
    assert PurgeRun.objects.get().why == ""


# --- What does not go together, and what was put right ----------------------------------------------------


@pytest.mark.parametrize("act", ["--allow", "--unblock"])
def test_what_names_its_own_subject_takes_no_dry_run_and_no_tenant(
    studio: Studio, settings: Any, act: str
) -> None:
    settings.PURGE_FREE_COUNT = 2
    stocked(studio, 3, days_ago=40)
    purge()
    stopped = PurgeRun.objects.get()
    with pytest.raises(CommandError, match="not allowed with argument"):
        run(act, str(stopped.pk), "--dry-run")
    with pytest.raises(CommandError, match="leave --tenant out"):
        run(act, str(stopped.pk), "--tenant", "globex")
    stopped.refresh_from_db()
    assert stopped.state == "stopped"


def test_one_that_was_stopped_is_looked_at_anew_when_the_retention_was_put_right(
    acme: Company, studio: Studio, settings: Any
) -> None:
    settings.PURGE_FREE_COUNT = 2
    stocked(studio, 3, days_ago=40)
    purge()
    assert PurgeRun.objects.get().state == "stopped"
    acme.back_end.patch(f"/v2/rooms/{studio.room['id']}", {"recording_retention_days": 365})
    assert run().splitlines()[-1] == "acme: 0 deleted"
    assert PurgeRun.objects.get().state == "finished"
    assert Recording.objects.kept().count() == 3
