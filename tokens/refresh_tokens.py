"""Our refresh tokens: opaque to clients, rotated on every use, and recognisable however old they are.

`vbr_` + grant id (22) + generation (6) + secret (43) + tag (43), all base62. The tag is an HMAC over the rest, so
garbage is refused without asking the database, and a token of any earlier generation is known to be genuine: only
then is it theft. The secret of a successor is derived from its predecessor's, so whoever repeats the predecessor gets
the same successor and nothing need be stored but hashes (docs/decisions/0005-refreshing.md).
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from videobroker import tokentext
from videobroker.secret import Secret
from videobroker.tenants.keyring import derived_keys

PREFIX: Final = "vbr_"
SHAPE: Final = re.compile(r"vbr_([0-9A-Za-z]{22})([0-9A-Za-z]{6})([0-9A-Za-z]{43})([0-9A-Za-z]{43})")
TAG_PURPOSE: Final = "videobroker refresh token tag"
CHAIN_PURPOSE: Final = "videobroker refresh token chain"


class NotARefreshToken(Exception):
    """The text is not a refresh token that was ever issued here."""


@dataclass(frozen=True)
class RefreshToken:
    """A genuine refresh token: of which grant, and which in its line."""

    grant_id: UUID
    generation: int
    secret: Secret

    def text(self) -> Secret:
        """The token as the client gets it."""
        body = self._body()
        return Secret(PREFIX + body + _tag(derived_keys(TAG_PURPOSE)[0], body))

    def hash(self) -> str:
        """What the grant's row keeps of it."""
        return hashlib.sha256(self._body().encode()).hexdigest()

    def successors(self) -> "list[RefreshToken]":
        """The token that follows this one: derived, so the same for all who ask. One per key of the ring, the current
        key's first, for the moment in which keys are being rotated."""
        return [self._successor(key) for key in derived_keys(CHAIN_PURPOSE)]

    def _successor(self, key: bytes) -> "RefreshToken":
        digest = hmac.digest(key, f"successor|{self._body()}".encode(), "sha256")
        return RefreshToken(self.grant_id, self.generation + 1, Secret(_number_text(digest)))

    def _body(self) -> str:
        grant = tokentext.encode(self.grant_id.int, 22)
        return grant + tokentext.encode(self.generation, 6) + self.secret.reveal()


def first(grant_id: UUID) -> RefreshToken:
    """The first token of a grant, with 256 random bits."""
    return RefreshToken(grant_id, 0, Secret(_number_text(secrets.token_bytes(32))))


def read(text: str) -> RefreshToken:
    """The token that `text` is. Raises `NotARefreshToken`; proves that we issued it, not that it still holds."""
    found = SHAPE.fullmatch(text)
    if found is None:
        raise NotARefreshToken("this is not a whole refresh token: send it as it was received")
    body = found[1] + found[2] + found[3]
    if not any(hmac.compare_digest(_tag(key, body), found[4]) for key in derived_keys(TAG_PURPOSE)):
        raise NotARefreshToken("this refresh token was not issued here")
    return RefreshToken(UUID(int=tokentext.decode(found[1])), tokentext.decode(found[2]), Secret(found[3]))


def _tag(key: bytes, body: str) -> str:
    return _number_text(hmac.digest(key, f"tag|{body}".encode(), "sha256"))


def _number_text(raw: bytes) -> str:
    return tokentext.encode(int.from_bytes(raw), 43)
