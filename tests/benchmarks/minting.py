"""`python -m tests.benchmarks.minting`: what a token costs, as ratios within one run.

Milliseconds depend on the machine and on who else uses it; ratios much less. It takes a minute at most. Seats are made
free before each part, so no mint is refused.
"""

import os
from dataclasses import dataclass
from typing import Any

import requests

from tests.benchmarks.stack import Stack, stack
from tests.benchmarks.timing import Call, Timed, timed, timed_together

CALLS = int(os.environ.get("CALLS", "200"))
SECS_EACH = float(os.environ.get("SECS_EACH", "6"))
WARM_UP_CALLS = 20
CALLERS = (1, 8, 16)
# How long Telnyx takes, for the part that shows what waiting for it costs us.
TELNYX_SECS = 0.08


@dataclass
class Client:
    """A caller with a connection of its own that stays open, as a browser's does."""

    stack: Stack
    identity: str

    def __post_init__(self) -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {self.stack.acme.login_token(self.identity)}"
        self.actions = f"{self.stack.url}/v2/rooms/{self.stack.room['id']}/actions"
        self.token = ""

    def live(self) -> None:
        self.http.get(f"{self.stack.url}/livez", timeout=30).raise_for_status()

    def explain(self) -> None:
        path = f"{self.stack.url}/v2/rooms/{self.stack.room['id']}/access"
        self.http.get(path, timeout=30).raise_for_status()

    def mint(self) -> None:
        self.token = self._token("generate_join_client_token", {})

    def refresh(self) -> None:
        self.token = self._token("refresh_client_token", {"refresh_token": self.token})

    def _token(self, action: str, body: dict[str, Any]) -> str:
        answer = self.http.post(f"{self.actions}/{action}", json=body, timeout=30)
        answer.raise_for_status()
        token: str = answer.json()["data"]["refresh_token"]
        return token


def measure(there: Stack) -> dict[str, Timed]:
    """Every part, one after the other."""
    from tests.tokens.doors import enter

    enter(there.acme.back_end, there.room)  # the first makes the Telnyx room, which is no part of a mint
    clients = [Client(there, f"guest-{number}") for number in range(max(CALLERS))]
    bo = clients[0]
    measured = {
        "livez": _one(there, bo.live),
        "access": _one(there, bo.explain),
        "mint": _one(there, bo.mint),
        "refresh": _one(there, bo.refresh),
    }
    for callers in CALLERS[1:]:
        measured[f"mint, {callers} callers"] = _together(there, [one.mint for one in clients[:callers]])
    there.simulator.fault("latency", "create_room_client_token", secs=TELNYX_SECS)
    for callers in CALLERS:
        part = f"mint, {callers} callers, Telnyx takes {TELNYX_SECS * 1000:.0f} ms"
        measured[part] = _together(there, [one.mint for one in clients[:callers]])
    return measured


def _one(there: Stack, call: Call) -> Timed:
    free_seats(there)
    for _ in range(WARM_UP_CALLS):
        call()
    free_seats(there)
    return timed(call, calls=CALLS, at_most_secs=SECS_EACH)


def _together(there: Stack, calls: list[Call]) -> Timed:
    free_seats(there)
    return timed_together(calls, calls=CALLS, at_most_secs=SECS_EACH)


def free_seats(there: Stack) -> None:
    """Let nobody be in, and let no number of seats stand in the way of the next part."""
    from rooms.models import Room
    from tokens.models import Grant

    Grant.objects.exclude(identity="guest-0").delete()
    # Telnyx has at most 50 seats in a room; what is measured here is not the refusal of the 51st.
    Room.objects.filter(pk=there.room["id"]).update(max_participants=30_000)


def time_at_telnyx_ms(there: Stack) -> float:
    """What one mint takes at the simulated Telnyx alone, asked directly."""
    (room,) = there.simulator.state()["rooms"]
    key = there.acme.telnyx_key
    return timed(
        lambda: there.simulator.mint(room["id"], key=key), calls=CALLS, at_most_secs=SECS_EACH
    ).median_ms


def report(measured: dict[str, Timed], telnyx_ms: float) -> None:
    for name, what in measured.items():
        print(f"{name:44} {what}")
    mint = measured["mint"]
    print(f"{'simulated Telnyx alone':44} median {telnyx_ms:6.1f} ms")
    print()
    print(f"a mint costs     {mint.median_ms / measured['livez'].median_ms:5.1f} x livez")
    print(
        f"a mint costs     {mint.median_ms / measured['access'].median_ms:5.1f} x the decision alone (access)"
    )
    print(f"a refresh costs  {measured['refresh'].median_ms / mint.median_ms:5.2f} x a mint")
    print(f"waiting for Telnyx is {telnyx_ms / mint.median_ms:.0%} of a mint")
    for callers in CALLERS[1:]:
        gain = measured[f"mint, {callers} callers"].per_sec / mint.per_sec
        print(f"{callers:2} callers get {gain:5.2f} x the tokens of one")
    slow = [measured[f"mint, {n} callers, Telnyx takes {TELNYX_SECS * 1000:.0f} ms"] for n in CALLERS]
    for callers, what in zip(CALLERS[1:], slow[1:], strict=True):
        print(
            f"{callers:2} callers get {what.per_sec / slow[0].per_sec:5.2f} x the tokens of one, while Telnyx is slow"
        )


def main() -> None:
    with stack() as there:
        measured = measure(there)
        there.simulator.clear_faults()
        report(measured, time_at_telnyx_ms(there))


if __name__ == "__main__":
    main()
