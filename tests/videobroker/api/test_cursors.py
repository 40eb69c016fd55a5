"""Going through rows by place: each once, also where many have the same time, whoever's clock it was taken from."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.cast import Company
from videobroker.api.cursors import batches_oldest_first, each_oldest_first
from videobroker.tenants.models import AuditEntry

TIMES = (
    datetime(2030, 1, 1, tzinfo=UTC),
    datetime(2030, 1, 1, 9, 30, 5, tzinfo=UTC),
    datetime(2030, 1, 1, 9, 30, 5, 123000, tzinfo=UTC),
    datetime(2030, 1, 1, 9, 30, 5, 123456, tzinfo=UTC),
)


def make_entries(company: Company, number: int, **values: Any) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(tenant=company.row, actor_kind="system", actor=str(each), action="counted", **values)
        for each in range(number)
    )


def actors(rows: Any) -> list[str]:
    return sorted((row.actor for row in rows), key=int)


@pytest.mark.parametrize("at", TIMES, ids=str)
def test_rows_of_one_time_come_once_each(acme: Company, at: datetime) -> None:
    make_entries(acme, 10, occurred_at=at)
    rows = AuditEntry.objects.filter(action="counted")
    assert actors(each_oldest_first(rows, "occurred_at", batch=3)) == [str(each) for each in range(10)]


def test_rows_whose_time_is_the_databases_come_once_each(acme: Company) -> None:
    make_entries(acme, 60)
    rows = AuditEntry.objects.filter(action="counted")
    assert actors(each_oldest_first(rows, "occurred_at", batch=7)) == [str(each) for each in range(60)]


def test_pages_have_every_row_once(acme: Company) -> None:
    make_entries(acme, 25)
    seen: list[str] = []
    query: dict[str, Any] = {"page[size]": 4, "filter[action]": "counted"}
    while True:
        page = acme.back_end.get("/v2/audit_entries", query)
        seen += [entry["actor"] for entry in page.data]
        if page.body["meta"]["cursors"]["after"] is None:
            break
        query["page[after]"] = page.body["meta"]["cursors"]["after"]
    assert sorted(seen, key=int) == [str(each) for each in range(25)]


def test_what_is_done_to_a_batch_does_not_disturb_the_next(acme: Company) -> None:
    make_entries(acme, 10)
    rows, changed = AuditEntry.objects.filter(action="counted"), 0
    for some in batches_oldest_first(rows, "occurred_at", batch=3):
        changed += AuditEntry.objects.filter(pk__in=[row.pk for row in some]).update(action="done")
    assert changed == 10
