"""Contradictions of the OpenAPI document, long: `pytest tests/videobroker/soak_schemathesis.py` tries every edge of
every operation, and as many guesses of each as GUESSES says (50), as every kind of caller, and prints how much it
asked. It is not part of the suite; `tests/videobroker/api/test_schemathesis.py` asks the same, less of it."""

import os
import time
from typing import Final

import pytest

from tests.videobroker.api.contradicting import Examination, our_cases
from tests.videobroker.api.test_schemathesis import CALLERS, bearers, scene
from tests.videobroker.tenants.scenes import Scene

__all__ = ["scene"]
GUESSES: Final = int(os.environ.get("GUESSES", "50"))
EVERY_EDGE: Final = 1_000_000


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("who", CALLERS)
def test_no_answer_contradicts_the_document_however_long_one_asks(
    scene: Scene, who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.monotonic()
    examination = Examination(bearers(scene)[who], scene.ids)
    examination.ask_all(our_cases(EVERY_EDGE, GUESSES))
    assert not examination.contradictions, "\n".join(examination.contradictions)
    with capsys.disabled():
        print(
            f"\n{who}: {examination.asked} requests in {time.monotonic() - started:.0f} s, no contradiction"
        )
