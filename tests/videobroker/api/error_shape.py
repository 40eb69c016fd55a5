"""The one shape of all answers that are not a success."""

from datetime import datetime
from typing import Any, Final

from tests.asking import Answer
from videobroker.api.problems import TITLES

REQUIRED: Final = {"code", "title", "detail", "meta"}
META: Final = {"reason", "request_id", "retry_at"}


def assert_in_shape(answer: Answer) -> None:
    """Telnyx's shape, with our reason and the request's id in each entry, and nothing besides."""
    assert answer.status >= 400
    assert answer.headers["Content-Type"] == "application/json"
    assert set(answer.body) == {"errors"}
    assert answer.body["errors"]
    for entry in answer.body["errors"]:
        _assert_entry(entry, answer)


def _assert_entry(entry: dict[str, Any], answer: Answer) -> None:
    assert set(entry) - {"source"} == REQUIRED
    assert entry["title"] == TITLES[entry["code"]]
    assert entry["detail"]
    assert entry["meta"]["request_id"] == answer.headers["X-Request-Id"]
    assert entry["meta"]["reason"].replace("_", "").isalpha()
    assert set(entry["meta"]) <= META
    if "retry_at" in entry["meta"]:
        datetime.fromisoformat(entry["meta"]["retry_at"])
    if "source" in entry:
        assert set(entry["source"]) <= {"pointer", "parameter"}
        assert entry["source"].get("pointer", "/").startswith("/")
