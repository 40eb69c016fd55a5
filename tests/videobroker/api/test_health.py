"""For load balancers: alive while it answers, ready while the database does."""

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection

from tests.asking import Asker
from tests.cast import Company
from tests.videobroker.api import redises

ORIGIN = {"Origin": "https://app.acme.example"}


def failing(error: type[Exception]) -> Any:
    """A database that answers everything with `error`."""

    def fail(*_: Any) -> Any:
        raise error("away")

    return connection.execute_wrapper(fail)


@pytest.mark.django_db
def test_a_house_with_a_database_is_alive_and_ready() -> None:
    assert (Asker().get("/livez").status, Asker().get("/livez").body) == (200, {"status": "alive"})
    assert (Asker().get("/readyz").status, Asker().get("/readyz").body) == (200, {"status": "ready"})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_a_database_it_is_alive_but_not_ready(error: type[Exception]) -> None:
    with failing(error):
        assert Asker().get("/livez").status == 200
        assert Asker().get("/livez", None, **ORIGIN).status == 200
        unready = Asker().get("/readyz")
    assert unready.status == 503
    assert unready.body == {"status": "unready", "because": "the database does not answer"}
    assert Asker().get("/readyz").status == 200


@pytest.mark.django_db(transaction=True)
def test_a_browser_is_told_no_more_and_no_less_without_a_database() -> None:
    with failing(OperationalError):
        assert Asker().get("/readyz", None, **ORIGIN).status == 503
        preflight = {**ORIGIN, "Access-Control-Request-Method": "POST"}
        assert Asker().ask("OPTIONS", "/v2/rooms", None, preflight).status == 200


def test_without_redis_it_is_ready_and_serves(acme: Company, settings: Any) -> None:
    settings.REDIS_URL = redises.away()
    assert Asker().get("/readyz").status == 200
    assert acme.back_end.get("/v2/rooms").status == 200


def test_without_telnyx_it_is_ready_and_serves(acme: Company, settings: Any) -> None:
    settings.TELNYX_API_BASE = "http://127.0.0.1:9/v2"
    assert Asker().get("/readyz").status == 200
    assert acme.back_end.post("/v2/rooms", {}).status == 201


@pytest.mark.django_db
def test_health_needs_no_credential_and_minds_none() -> None:
    assert Asker("garbage").get("/livez").status == 200
    assert Asker("garbage").get("/readyz").status == 200
