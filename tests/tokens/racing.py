"""Rounds of a race: many refresh one token at the same moment, and each must get the one successor.

The racers call what the door calls, so that a thousand rounds take minutes: the rows, the transactions and the
simulated Telnyx are real, only HTTP in front of them is left out (`test_races.py` has a round through the door).
"""

from functools import partial

from django.utils import timezone

from rooms import rights
from tests.asking import Json
from tests.cast import Company
from tests.tokens.doors import audited, enter, grant_of
from tests.tokens.together import Crew
from tokens import refresh_tokens, refreshing
from videobroker.tenants.callers import Caller, CallerKind

RACERS = 8


class Race:
    """One grant of bo's that `RACERS` refresh at once, round after round."""

    def __init__(self, company: Company, room: Json) -> None:
        self.company = company
        self.room = room
        self.bo = Caller(kind=CallerKind.IDENTITY, subject="bo", tenant=company.row, identity="bo")
        self.minted = enter(company.person("bo"), room)
        self.token: str = self.minted["refresh_token"]
        self.rounds = 0

    def run(self, rounds: int) -> None:
        """So many rounds; fails at the first that gave an error, or more than one successor."""
        with Crew(RACERS) as crew:
            for _ in range(rounds):
                successors = set(crew.at_once([partial(self._refresh, self.token)] * RACERS))
                assert len(successors) == 1, f"round {self.rounds}: {len(successors)} successors"
                (self.token,) = successors
                self.rounds += 1

    def check(self) -> None:
        """No false alarm was given, and the line of tokens is as long as there were rounds."""
        assert audited(self.room, "token.reused") == []
        assert grant_of(self.company.back_end, self.minted)["state"] == "open"
        assert refresh_tokens.read(self.token).generation == self.rounds

    def _refresh(self, token: str) -> str:
        room = rights.find_room(self.bo, self.room["id"])
        refreshed = refreshing.refresh(self.bo, room, token, token_ttl_secs=None, now=timezone.now())
        return refreshed.refresh_token.text().reveal()
