"""The signed context: checked here as a stranger would, with a plain JWT library and the published keys."""

from datetime import UTC, datetime

import jwt
import pytest

from tests.asking import Asker, Json
from tests.cast import Company
from tests.tokens.doors import enter, stay
from tests.tokens.passing import moment
from tokens import contexts
from videobroker.tenants import signing


def verified(context: str) -> Json:
    """The claims, if a published key says that they are ours."""
    published = jwt.PyJWKSet.from_dict(Asker().get("/.well-known/jwks.json").body)
    key = published[jwt.get_unverified_header(context)["kid"]]
    return jwt.decode(context, key, algorithms=["EdDSA"])


def test_it_says_who_joins_which_room_by_when(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo", name="Bobby"), demo_room)
    claims = verified(minted["context"])
    assert claims.pop("nonce")
    assert claims == {
        "tenant": str(acme.row.pk),
        "room": demo_room["id"],
        "grant": minted["grant_id"],
        "sub": "bo",
        "name": "Bobby",
        "role": "participant",
        "join_by": int(moment(minted["token_expires_at"]).timestamp()),
    }


def test_it_is_typed_so_that_no_other_token_of_ours_passes_for_it(acme: Company, demo_room: Json) -> None:
    header = jwt.get_unverified_header(enter(acme.person("bo"), demo_room)["context"])
    assert (header["typ"], header["alg"]) == ("vbc+jwt", "EdDSA")


def test_no_two_are_the_same(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    refreshed = stay(acme.person("bo"), demo_room, minted["refresh_token"])
    first, second = verified(minted["context"]), verified(refreshed["context"])
    assert first["grant"] == second["grant"]
    assert first["nonce"] != second["nonce"]


@pytest.mark.parametrize(
    ("identity", "name"),
    [("x" * 255, "y" * 100), ("x" * 255, "\u00e9" * 100), ("\U0001f600" * 20, "\U0001f600" * 100)],
)
def test_with_the_longest_names_it_still_fits_and_keeps_the_identity(
    acme: Company, identity: str, name: str
) -> None:
    room = acme.new_room({identity: "participant"})
    context = enter(acme.back_end, room, identity=identity, display_name=name)["context"]
    assert len(context) <= 1024
    claims = verified(context)
    assert claims["sub"] == identity
    assert name.startswith(claims["name"])


def test_an_identity_that_fits_in_no_context_is_left_to_the_grant(acme: Company) -> None:
    identity = "\U0001f600" * 255
    room = acme.new_room({identity: "participant"})
    minted = enter(acme.back_end, room, identity=identity)
    claims = verified(minted["context"])
    assert len(minted["context"]) <= 1024
    assert "sub" not in claims
    assert claims["grant"] == minted["grant_id"]


def test_that_of_a_back_ends_own_grant_names_nobody(acme: Company, demo_room: Json) -> None:
    context = enter(acme.back_end, demo_room)["context"]
    assert "sub" not in verified(context)
    assert contexts.statement_in(context).identity is None


def test_contexts_of_a_retired_key_still_verify(acme: Company, demo_room: Json) -> None:
    before = enter(acme.person("bo"), demo_room)["context"]
    signing.rotate(signing.Purpose.CONTEXT, now=datetime.now(UTC))
    after = enter(acme.person("bo"), demo_room)["context"]
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
    assert verified(before)["sub"] == verified(after)["sub"] == "bo"


class TestReading:
    """What we make of a context that a participant shows."""

    def refused(self, context: str | None) -> str:
        with pytest.raises(contexts.ContextRefused) as refusal:
            contexts.statement_in(context)
        return refusal.value.reason

    def test_an_honest_one_is_believed(self, acme: Company, demo_room: Json) -> None:
        context = enter(acme.person("bo"), demo_room)["context"]
        said = contexts.statement_in(context)
        assert (said.identity, str(said.room_id)) == ("bo", demo_room["id"])

    def test_it_is_to_be_shown_while_its_token_lasts(self, acme: Company, demo_room: Json) -> None:
        minted = enter(acme.person("bo"), demo_room)
        assert contexts.statement_in(minted["context"]).join_by_at == moment(minted["token_expires_at"])

    @pytest.mark.parametrize("nothing", [None, ""])
    def test_none_is_missing(self, nothing: str | None) -> None:
        assert self.refused(nothing) == "missing"

    @pytest.mark.parametrize(
        "text", ["ana", "{}", '{"sub": "ana"}', "a.b.c", "\u0430.\u0430.\u0430", "x" * 64_000, "...", "\x00"]
    )
    def test_anything_else_is_forged(self, db: None, text: str) -> None:
        assert self.refused(text) == "forged"

    def test_one_cut_short_or_changed_is_forged(self, acme: Company, demo_room: Json) -> None:
        context = enter(acme.person("bo"), demo_room)["context"]
        head, body, signature = context.split(".")
        assert self.refused(context[:-4]) == "forged"
        assert self.refused(f"{head}.{body[:-2]}.{signature}") == "forged"
        assert self.refused(f"{head}.{body}.{signature[::-1]}") == "forged"

    def test_one_signed_with_another_key_of_ours_is_forged(self, db: None) -> None:
        key_id, key = signing.current_key(signing.Purpose.WEBHOOK)
        forged = jwt.encode({"sub": "ana"}, key, "EdDSA", headers={"typ": contexts.TYPE, "kid": key_id})
        assert self.refused(forged) == "forged"

    @pytest.mark.parametrize("algorithm", ["HS256", "none"])
    def test_the_token_does_not_choose_the_algorithm(self, db: None, algorithm: str) -> None:
        key_id, _ = signing.current_key(signing.Purpose.CONTEXT)
        secret = "x" * 32 if algorithm == "HS256" else ""
        forged = jwt.encode({"sub": "ana"}, secret, algorithm, headers={"typ": contexts.TYPE, "kid": key_id})
        assert self.refused(forged) == "forged"

    def test_one_that_is_ours_but_lacks_a_claim_is_forged(self, db: None) -> None:
        key_id, key = signing.current_key(signing.Purpose.CONTEXT)
        partial = jwt.encode({"sub": "ana"}, key, "EdDSA", headers={"typ": contexts.TYPE, "kid": key_id})
        assert self.refused(partial) == "forged"
