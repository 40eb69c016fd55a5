"""How much may still be asked is read off every answer, and nobody waits for more of it longer than they have to."""

import time
from collections.abc import Callable

import pytest

from tests.simulated import Simulator
from tests.videobroker.telnyx import samples
from tests.videobroker.telnyx.conftest import API_KEY
from tests.videobroker.telnyx.scripted import Connection, Script, ScriptedServer, always
from videobroker.secret import Secret
from videobroker.telnyx import Telnyx, Transport, errors

Serve = Callable[[Script], ScriptedServer]
Connect = Callable[..., Telnyx]
ROOM = {"data": samples.ROOM}


def told(limit: object, remaining: object, reset: object) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(reset),
    }


def test_what_a_success_says_is_kept_for_its_key_alone(serve: Serve, transport: Transport) -> None:
    server = serve(always(ROOM, headers=told(20, 17, 30)))
    ours, theirs = (Telnyx(server.api_base, Secret(key), transport) for key in (API_KEY, "KEYother"))
    assert ours.allowance is None
    ours.view_room(samples.ROOM_ID)
    assert ours.allowance is not None
    assert (ours.allowance.limit, ours.allowance.remaining) == (20, 17)
    assert theirs.allowance is None


def test_a_refusal_says_it_too(serve: Serve, connect: Connect) -> None:
    line = connect(serve(always(None, 429, headers=told(20, 0, 30))))
    with pytest.raises(errors.RateLimited):
        line.view_room(samples.ROOM_ID)
    assert line.allowance is not None
    assert 29 < line.allowance.pause_secs(1, 0.0) <= 30


@pytest.mark.parametrize(
    ("remaining", "calls", "headroom", "waits"),
    [(6, 1, 0.25, False), (5, 1, 0.25, True), (5, 1, 0.0, False), (1, 2, 0.0, True), (20, 1, 1.0, True)],
)
def test_a_share_of_the_limit_is_left_to_others(
    remaining: int, calls: int, headroom: float, waits: bool, serve: Serve, connect: Connect
) -> None:
    line = connect(serve(always(ROOM, headers=told(20, remaining, 30))))
    line.view_room(samples.ROOM_ID)
    assert line.allowance is not None
    assert (line.allowance.pause_secs(calls, headroom) > 0) is waits


def test_nobody_waits_for_longer_than_a_minute_nor_for_what_is_over(serve: Serve, connect: Connect) -> None:
    for reset, at_most in ((10**8, 60.0), (0, 0.0), ("0.5", 0.5)):
        line = connect(serve(always(ROOM, headers=told(20, 0, reset))))
        line.view_room(samples.ROOM_ID)
        assert line.allowance is not None
        assert line.allowance.pause_secs(1, 0.0) <= at_most


def test_an_answer_that_was_overtaken_gives_nothing_back_and_prolongs_nothing(
    serve: Serve, connect: Connect
) -> None:
    answers = iter([told(100, 60, 5), told(100, 62, 30), told(100, 99, 30)])

    def script(connection: Connection) -> None:
        while connection.request():
            connection.answer(ROOM, 200, next(answers))

    line = connect(serve(script))

    def after_a_call() -> tuple[float, float]:
        line.view_room(samples.ROOM_ID)
        assert line.allowance is not None
        return line.allowance.remaining, line.allowance.pause_secs(100, 0.0)

    assert after_a_call()[0] == 60
    remaining, pause_secs = after_a_call()
    assert remaining == 60
    assert pause_secs <= 5
    # Far more is left: a new window.
    remaining, pause_secs = after_a_call()
    assert remaining == 99
    assert 29 < pause_secs <= 30


def test_what_may_be_used_is_spread_over_the_time_it_is_for(serve: Serve, connect: Connect) -> None:
    line = connect(serve(always(ROOM, headers=told(20, 15, 30))))
    line.view_room(samples.ROOM_ID)
    assert line.allowance is not None
    assert (
        5.5 < line.allowance.spacing_secs(2, 0.25) <= 6
    )  # five times two calls in 30 s, and five calls left
    assert 29 < line.allowance.spacing_secs(2, 1.0) <= 30
    line = connect(serve(always(ROOM, headers=told(20, 15, 0))))
    line.view_room(samples.ROOM_ID)
    assert line.allowance is not None
    assert line.allowance.spacing_secs(2, 0.25) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        told("", "", ""),
        told("many", 3, 1),
        told(20, -1, 1),
        told(20, 3, "nan"),
        told(20, 3, "1e999"),
        {"x-ratelimit-limit": "20"},
        told("9" * 5000, 3, 1),
    ],
)
def test_nonsense_says_nothing(headers: dict[str, str], serve: Serve, connect: Connect) -> None:
    line = connect(serve(always(ROOM, headers=headers)))
    line.view_room(samples.ROOM_ID)
    assert line.allowance is None


def test_whole_seconds_do_not_add_up(simulator: Simulator, transport: Transport) -> None:
    """Telnyx rounds its seconds up with each answer; the first answer of a window says best when it ends."""
    line = Telnyx(simulator.api_base, Secret(simulator.api_key), transport)
    simulator.settings(rate_limit={"limit": 10, "per_secs": 2})
    started = time.monotonic()
    while (known := line.allowance) is None or known.remaining > 2:
        line.list_rooms()
    assert known.resets_at <= started + 2 + 0.5
    simulator.settings(rate_limit=None)
