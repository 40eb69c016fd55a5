"""How often one may ask: exactly so often, counted together where there is a Redis, and never waiting for it."""

import re
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
import time_machine
from django.utils import timezone
from limits import RateLimitItemPerMinute

from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.videobroker.api import redises
from tests.videobroker.api.at_once import at_once
from tests.videobroker.api.error_shape import assert_in_shape
from videobroker.api.throttling import REDIS_REST_SECS, Counter

Result = TypeVar("Result")
TWENTY = RateLimitItemPerMinute(20)


def in_one_minute(act: Callable[[], Result]) -> Result:
    """What `act` answers when no minute ends while it acts: the limits are counted by minutes of the clock."""
    while True:
        minute = time.time() // 60
        result = act()
        if time.time() // 60 == minute:
            return result


def admitted(counter: Counter, hits: int = 50) -> int:
    """How many of so many threads that hit one key at once are within twenty a minute."""
    key = secrets.token_hex(8)
    return sum(within for within, _, _ in at_once(hits, lambda _: counter.hit(TWENTY, key)))


def test_exactly_the_limit_gets_through_in_redis(tmp_path: Path) -> None:
    with redises.running(tmp_path) as server:
        counter = Counter(server.url)
        assert in_one_minute(lambda: admitted(counter)) == 20


def test_exactly_the_limit_gets_through_in_memory() -> None:
    counter = Counter(redises.away())
    assert in_one_minute(lambda: admitted(counter)) == 20


def test_processes_count_together_in_redis(tmp_path: Path) -> None:
    with redises.running(tmp_path) as server:
        processes = [Counter(server.url) for _ in range(2)]

        def hits() -> list[bool]:
            key = secrets.token_hex(8)
            return [processes[number % 2].hit(TWENTY, key)[0] for number in range(30)]

        assert in_one_minute(hits) == [True] * 20 + [False] * 10


def test_a_redis_that_is_gone_is_noticed_quickly_and_asked_again_after_a_while(tmp_path: Path) -> None:
    now = 1000.0
    with redises.running(tmp_path) as server:
        counter = Counter(server.url, clock=lambda: now)
        counter.hit(TWENTY, "key")
        server.stop()
        started = time.monotonic()
        assert all(counter.hit(TWENTY, "other")[0] for _ in range(10))
        assert time.monotonic() - started < 1
        held_until = counter._shared_again_at
    assert held_until == now + REDIS_REST_SECS


def test_a_redis_that_never_answers_costs_no_second() -> None:
    with redises.mute() as url:
        counter = Counter(url)
        started = time.monotonic()
        assert all(counter.hit(TWENTY, "key")[0] for _ in range(10))
        assert time.monotonic() - started < 1


@pytest.fixture
def counting(settings: Any) -> Iterator[None]:
    """The house counts in this process alone, and no minute ends during the test."""
    settings.REDIS_URL = redises.away()
    with time_machine.travel(timezone.now().replace(second=10, microsecond=0), tick=False):
        yield


def ask_until_refused(asker: Asker, most: int = 20) -> list[Answer]:
    """All answers up to the first 429."""
    answers: list[Answer] = []
    while len(answers) < most and (not answers or answers[-1].status != 429):
        answers.append(asker.get("/v2/rooms"))
    return answers


def test_a_tenant_has_so_many_requests_a_minute(acme: Company, counting: None) -> None:
    acme.change(requests_per_minute=5)
    *served, refused = ask_until_refused(acme.back_end)
    assert [answer.status for answer in served] == [200] * 5
    assert refused.refusal == (429, "too_many_requests")
    assert refused.error["code"] == "10011"
    assert_in_shape(refused)


def test_the_refused_are_told_when_to_come_back(acme: Company, counting: None) -> None:
    acme.change(requests_per_minute=2)
    refused = ask_until_refused(acme.back_end)[-1]
    wait_secs = int(refused.headers["Retry-After"])
    retry_at = datetime.fromisoformat(refused.error["meta"]["retry_at"])
    assert 1 <= wait_secs <= 60
    assert abs((retry_at - timezone.now()).total_seconds() - wait_secs) <= 1
    with time_machine.travel(time.time() + 120, tick=False):
        assert acme.back_end.get("/v2/rooms").status == 200


def test_every_answer_says_how_many_are_left(acme: Company, counting: None) -> None:
    acme.change(requests_per_minute=3)
    answers = ask_until_refused(acme.back_end)
    assert [answer.headers["RateLimit-Policy"] for answer in answers] == ['"tenant";q=3;w=60'] * 4
    left = [re.fullmatch(r'"tenant";r=(\d+);t=(\d+)', answer.headers["RateLimit"]) for answer in answers]
    assert [found and int(found[1]) for found in left] == [2, 1, 0, 0]


def test_another_tenant_does_not_notice(acme: Company, globex: Company, counting: None) -> None:
    acme.change(requests_per_minute=1)
    assert ask_until_refused(acme.back_end)[-1].status == 429
    assert globex.back_end.get("/v2/rooms").status == 200


def test_one_person_does_not_use_up_what_others_have(acme: Company, settings: Any, counting: None) -> None:
    settings.REQUESTS_PER_MINUTE_OF_IDENTITY = 2
    ana = ask_until_refused(acme.person("ana"))
    assert [answer.status for answer in ana] == [200, 200, 429]
    assert set(ana[0].headers["RateLimit-Policy"].split(", ")) == {
        '"tenant";q=1000000;w=60',
        '"identity";q=2;w=60',
    }
    assert acme.person("bo").get("/v2/rooms").status == 200
    assert acme.back_end.get("/v2/rooms").status == 200


def test_what_one_person_is_refused_does_not_count_for_the_tenant(
    acme: Company, settings: Any, counting: None
) -> None:
    settings.REQUESTS_PER_MINUTE_OF_IDENTITY = 2
    acme.change(requests_per_minute=10)
    assert [acme.person("bo").get("/v2/rooms").status for _ in range(20)] == [200] * 2 + [429] * 18
    assert [acme.person("ana").get("/v2/rooms").status for _ in range(2)] == [200] * 2


def test_mints_one_person_is_refused_do_not_use_up_the_tenants(
    acme: Company, demo_room: Json, settings: Any, counting: None
) -> None:
    settings.REQUESTS_PER_MINUTE_OF_IDENTITY = 1
    acme.change(mints_per_minute=3)
    path = f"/v2/rooms/{demo_room['id']}/actions/generate_join_client_token"
    assert [acme.person("bo").post(path).status for _ in range(5)] == [201] + [429] * 4
    assert acme.person("ana").post(path).status == 201


def test_a_tenant_has_so_many_mints_a_minute_and_may_do_the_rest(
    acme: Company, demo_room: Json, counting: None
) -> None:
    acme.change(mints_per_minute=2)
    path = f"/v2/rooms/{demo_room['id']}/actions/generate_join_client_token"
    assert [acme.person("bo").post(path).status for _ in range(3)] == [201, 201, 429]
    refresh = f"/v2/rooms/{demo_room['id']}/actions/refresh_client_token"
    assert acme.person("bo").post(refresh, {"refresh_token": "vbr_x"}).status == 429
    assert acme.person("bo").get("/v2/rooms").status == 200


def test_many_at_once_are_served_exactly_the_limit(
    acme: Company, counting: None, transactional_db: None
) -> None:
    acme.change(requests_per_minute=10)
    answers = at_once(25, lambda _: acme.back_end.get("/v2/rooms").status)
    assert sorted(answers) == [200] * 10 + [429] * 15


def test_without_redis_requests_are_answered_quickly(acme: Company, settings: Any) -> None:
    with redises.mute() as url:
        settings.REDIS_URL = url
        started = time.monotonic()
        answers = [acme.person("ana").get("/v2/rooms") for _ in range(5)]
        elapsed = time.monotonic() - started
    assert {answer.status for answer in answers} == {200}
    assert "RateLimit" in answers[0].headers
    assert elapsed < 1
