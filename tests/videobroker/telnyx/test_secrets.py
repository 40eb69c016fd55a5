"""No key and no token can be found in, or from, anything that is raised, logged or printed."""

import gc
import logging
import signal
import traceback
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from tests.videobroker.telnyx import samples
from tests.videobroker.telnyx.conftest import API_KEY
from tests.videobroker.telnyx.scripted import Connection, Script, ScriptedServer, always, answer, once
from videobroker.secret import Secret
from videobroker.telnyx import Telnyx, Transport, errors

Serve = Callable[[Script], ScriptedServer]
Connect = Callable[..., Telnyx]

SECRETS = (API_KEY, samples.TOKEN, samples.REFRESH_TOKEN, samples.DOWNLOAD_URL)


def hang_up(connection: Connection) -> None:
    connection.request()
    connection.reset()


def half_a_token(connection: Connection) -> None:
    connection.request()
    connection.send(answer({"data": samples.CLIENT_TOKEN}, 201)[:-5])
    connection.reset()


def token_and_then_nothing(connection: Connection) -> None:
    connection.request()
    connection.send(answer({"data": samples.CLIENT_TOKEN}, 201)[:-5])
    connection.hang()


MISHAPS: dict[str, Script] = {
    "hang up": Connection.reset,
    "hang up after the request": hang_up,
    "say nothing": Connection.hang,
    "half a token, then a reset": half_a_token,
    "half a token, then nothing": token_and_then_nothing,
    "no HTTP": once(samples.TOKEN.encode() + b"\r\n\r\n"),
    "a token, but no time": always({"data": samples.CLIENT_TOKEN | {"token_expires_at": "never"}}, 201),
    "a token in the wrong place": always({"data": {"token": [samples.TOKEN]}}, 201),
    "a token on a page": always(samples.TOKEN.encode(), 201, {"Content-Type": "text/html"}),
    "a token in no JSON": always(samples.TOKEN.encode(), 201),
    "a redirect": always({"data": samples.CLIENT_TOKEN}, 302, {"Location": "/v2/elsewhere"}),
    "an echo": always({"errors": [{"title": f"{API_KEY} {samples.REFRESH_TOKEN}"}]}, 422),
    "a failure": always({"errors": [{"title": API_KEY}]}, 500),
}


def refresh(telnyx: Telnyx) -> object:
    return telnyx.refresh_client_token(samples.ROOM_ID, Secret(samples.REFRESH_TOKEN))


def mint(telnyx: Telnyx) -> object:
    return telnyx.generate_join_client_token(samples.ROOM_ID)


@pytest.mark.parametrize("call", [mint, refresh])
@pytest.mark.parametrize("mishap", MISHAPS)
def test_an_error_leads_to_no_secret(
    mishap: str,
    call: Callable[[Telnyx], object],
    serve: Serve,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    telnyx = connect(serve(MISHAPS[mishap]), timeout_secs=0.2)
    with pytest.raises(errors.TelnyxError) as caught:
        call(telnyx)
    assert_leads_to_no_secret(caught.value)
    assert not any(secret in caplog.text for secret in SECRETS)


def test_an_unsent_request_leads_to_no_secret(transport: Transport) -> None:
    with ScriptedServer(always()) as gone:
        telnyx = Telnyx(gone.api_base, Secret(API_KEY), transport)
    with pytest.raises(errors.NotSent) as caught:
        refresh(telnyx)
    assert_leads_to_no_secret(caught.value)


def test_not_even_an_interruption_leads_to_a_secret(serve: Serve, connect: Connect) -> None:
    """As when a worker's time limit, or Ctrl-C, strikes in the midst of a call."""

    class InterruptionError(BaseException):
        pass

    def strike(_signal: int, _frame: FrameType | None) -> None:
        raise InterruptionError

    telnyx = connect(serve(Connection.hang), timeout_secs=5)
    before = signal.signal(signal.SIGALRM, strike)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(InterruptionError) as caught:
            refresh(telnyx)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert_leads_to_no_secret(caught.value, but_the_handlers=strike)


def test_nothing_prints_a_secret(serve: Serve, connect: Connect) -> None:
    telnyx = connect(serve(always({"data": samples.CLIENT_TOKEN}, 201)))
    token = telnyx.generate_join_client_token(samples.ROOM_ID)
    recording = connect(serve(always({"data": samples.RECORDING}))).view_recording(samples.RECORDING_ID)
    shown = f"{telnyx!r} {telnyx} {token!r} {recording!r}"
    assert not any(secret in shown for secret in SECRETS)
    assert token.token.reveal() == samples.TOKEN


def assert_leads_to_no_secret(error: BaseException, but_the_handlers: object = None) -> None:
    """Follows an error the way a reporter of errors does, and further: causes, frames, locals, what these hold."""
    told = "".join(traceback.format_exception(error))
    for link in chain(error):
        told += f"{link!r} {link.args!r} {vars(link)!r}"
        for frame, _ in traceback.walk_tb(link.__traceback__):
            if "/videobroker/telnyx/" in frame.f_code.co_filename.replace("/tests/", "/"):
                assert "/tests/" in frame.f_code.co_filename or holds_no_secret(frame.f_locals)
            else:
                assert frame.f_code is getattr(but_the_handlers, "__code__", None), frame
    assert not any(secret in told for secret in SECRETS)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def holds_no_secret(held: dict[str, Any]) -> bool:
    """Whether no text reachable from these locals is a secret, except by opening a `Secret`."""
    seen: set[int] = set()
    waiting: list[object] = list(held.values())
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, Secret | type | FrameType) or callable(one):
            continue
        seen.add(id(one))
        text = one.decode("latin-1") if isinstance(one, bytes | bytearray) else one
        if isinstance(text, str) and any(secret in text for secret in SECRETS):
            return False
        if not isinstance(one, str | bytes | int | float) and len(seen) < 20_000:
            waiting += gc.get_referents(one)
    return True


def test_the_search_for_secrets_finds_them() -> None:
    class Holder:
        def __init__(self, held: object) -> None:
            self.held = held

    assert not holds_no_secret({"x": Holder([{"y": f"Bearer {API_KEY}"}])})
    assert not holds_no_secret({"x": Holder(samples.TOKEN.encode())})
    assert holds_no_secret({"x": Holder(Secret(API_KEY))})
