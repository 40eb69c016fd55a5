"""No answer contradicts the OpenAPI document, whoever asks and whatever they ask (the long run of it is
tests/videobroker/soak_schemathesis.py)."""

import copy
from collections.abc import Sequence
from typing import Any, Final

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.documented import document
from tests.simulated import Simulator
from tests.videobroker.api.contradicting import Case, Examination, cases_of, our_cases
from tests.videobroker.api.policies import RULES
from tests.videobroker.tenants.scenes import Scene, make_scene

CALLERS: Final = ("back end", "ana", "bo", "cy", "gus", "nobody")
# Of each operation: so few that all callers together take a quarter of a minute.
EDGES: Final = 6
EVERY: Final = 6
GUESSES: Final = 1


@pytest.fixture
def scene(acme: Company, globex: Company, demo_room: Json, simulator: Simulator, settings: Any) -> Scene:
    settings.REQUESTS_PER_MINUTE_OF_IDENTITY = settings.REQUESTS_PER_MINUTE_OF_ADDRESS = 1_000_000
    return make_scene(acme, globex, demo_room["id"], simulator)


def bearers(scene: Scene) -> dict[str, dict[str, str]]:
    """The header that each kind of caller sends."""
    tokens = {
        "back end": scene.acme.api_key,
        "ana": scene.acme.login_token("ana"),
        "bo": scene.acme.login_token("bo"),
        "cy": scene.acme.login_token("cy"),
        "gus": scene.globex.login_token("gus"),
    }
    return {"nobody": {}, **{who: {"Authorization": f"Bearer {token}"} for who, token in tokens.items()}}


@pytest.mark.timeout(300)  # making the requests takes long where other work takes the processor
def test_no_answer_contradicts_the_document(scene: Scene) -> None:
    cases = our_cases(EDGES, GUESSES, EVERY)
    for who, theirs in shared_out(cases).items():
        examination = Examination(bearers(scene)[who], scene.ids)
        examination.ask_all(theirs)
        assert not examination.contradictions, f"{who}:\n" + "\n".join(examination.contradictions)
        assert examination.asked > len(RULES)
    assert len(cases) > 5 * len(RULES)


def shared_out(cases: Sequence[Case]) -> dict[str, Sequence[Case]]:
    """Who asks what: back ends, who may do the most, everything, and each of the others a part of everything."""
    first, *others = CALLERS
    return {first: cases, **{who: cases[number :: len(others)] for number, who in enumerate(others)}}


def test_a_document_that_is_wrong_is_found_out(scene: Scene) -> None:
    told = copy.deepcopy(document())
    told["paths"] = {"/v2/rooms": told["paths"]["/v2/rooms"]}
    schemas = told["components"]["schemas"]
    schemas["RoomRecord"]["properties"]["locked"] = {"type": "string"}
    schemas["RoomBodyRequest"]["properties"]["max_participants"] = {
        "type": "integer",
        "minimum": 2,
        "maximum": 20,
    }
    del told["paths"]["/v2/rooms"]["get"]["responses"]["400"]
    examination = Examination(bearers(scene)["back end"], scene.ids)
    examination.ask_all(cases_of(told, edges=100, guesses=1))
    found = "\n".join(examination.contradictions)
    assert "Response violates schema" in found
    assert "Schema-violating request accepted" in found
    assert "Undocumented status code" in found
