"""The pages of the console among ten thousand rows of everything: `pytest tests/admin/soak_query_counts.py`."""

import pytest
from django.test import Client

from rooms.models import Room, Session
from tests.admin.test_query_counts import compare, session
from tests.cast import Company

__all__ = ["session"]


@pytest.mark.timeout(600)
def test_ten_thousand_rows_take_as_many_queries_as_ten(
    ana: Client, olga: Client, acme: Company, demo: Room, session: Session
) -> None:
    compare(ana, olga, acme, demo, session, 10_000)
