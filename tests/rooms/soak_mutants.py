"""100,000 changed webhooks, none accepted: `pytest tests/rooms/soak_mutants.py`, or as many as MUTANTS says. It is not
part of the suite; `test_events.py` tries the first of them, and some through the door."""

import os
import time
import uuid
from datetime import UTC, datetime

import pytest

from tests.cast import Company
from tests.rooms.test_events import JOINED, accepted_mutants
from tests.rooms.webhooks import Post, body_of

MUTANTS = int(os.environ.get("MUTANTS", "100000"))


@pytest.mark.timeout(900)
def test_no_changed_webhook_is_verified(acme: Company, capsys: pytest.CaptureFixture[str]) -> None:
    post = Post(acme.row.account)
    now = datetime.now(UTC)
    body = body_of(JOINED, {"room_id": str(uuid.uuid4()), "context": "ana"})
    started = time.monotonic()
    assert accepted_mutants(body, post.headers(body, now), post.account.public_keys, now, MUTANTS) == []
    with capsys.disabled():
        print(f"\n{MUTANTS} changed webhooks, none accepted; {time.monotonic() - started:.0f} s")
