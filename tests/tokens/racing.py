"""Rounds of a race: many refresh one token at the same moment, and each must get the one successor."""

from dataclasses import dataclass, field
from functools import partial

from tests.asking import Answer, Json
from tests.cast import Company
from tests.tokens.doors import audited, enter, grant_of, refresh
from tests.tokens.together import at_once
from tokens import refresh_tokens

RACERS = 8


@dataclass
class Race:
    """One grant of bo's that `RACERS` refresh at once, round after round."""

    company: Company
    room: Json
    minted: Json = field(init=False)
    token: str = field(init=False)
    rounds: int = 0

    def __post_init__(self) -> None:
        self.minted = enter(self.company.person("bo"), self.room)
        self.token = self.minted["refresh_token"]

    def run(self, rounds: int) -> None:
        """So many rounds; fails at the first that gave no, or more than one, successor, or an error to anybody."""
        for _ in range(rounds):
            answers = self._round()
            assert [answer.status for answer in answers] == [201] * RACERS, (self.rounds, answers)
            (self.token,) = {answer.data["refresh_token"] for answer in answers}
            self.rounds += 1

    def check(self) -> None:
        """No false alarm was given, and the line of tokens is as long as there were rounds."""
        assert audited(self.room, "token.reused") == []
        assert grant_of(self.company.back_end, self.minted)["state"] == "open"
        assert generation_of(self.token) == self.rounds

    def _round(self) -> list[Answer]:
        bo = self.company.person("bo")
        return at_once([partial(refresh, bo, self.room, self.token)] * RACERS)


def generation_of(refresh_token: str) -> int:
    """Which in its line a refresh token is, by its own word."""
    return refresh_tokens.read(refresh_token).generation
