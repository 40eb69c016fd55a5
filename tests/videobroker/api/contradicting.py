"""Asking whatever the OpenAPI document lets one ask, and much that it forbids, and looking whether the answers
contradict it. schemathesis makes the requests and judges the answers; the product answers in this process."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any, Final

import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.overrides import Override
from schemathesis.specs.openapi import checks as openapi_checks

from tests.documented import document
from tests.videobroker.tenants.scenes import undone
from videobroker.wsgi import application

Case = Any
SEED: Final = 20_300_101
BOTH: Final = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
# What a request that the document allows may be answered: a success, or a refusal that no schema can foretell, for who
# asks, what there is, what is going on, a rule about several fields or about the time.
ALLOWED: Final = ["2xx", 302, 400, 401, 403, 404, 409, 422, 429, 503]
# What a request that the document forbids may be answered.
FORBIDDEN: Final = [400, 401, 403, 404, 405, 409, 413, 415, 422, 429]
CHECKS: Final = [
    schemathesis.checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
    openapi_checks.positive_data_acceptance,
    openapi_checks.unsupported_method,
    openapi_checks.allow_header_conformance,
]


def schema_of(told: Any) -> Any:
    """A document as schemathesis has it, with the product to ask."""
    config = SchemathesisConfig.from_dict(
        {
            "generation": {"with-security-parameters": False, "allow-x00": False},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ALLOWED},
                "negative_data_rejection": {"expected-statuses": FORBIDDEN},
            },
        }
    )
    schema = schemathesis.openapi.from_dict(told, config=config)
    schema.app = application
    return schema


def cases_of(told: Any, *, edges: int, guesses: int, every: int = 1) -> Iterator[Case]:
    """For each operation so many of the edges of what is allowed and forbidden, one in `every`, and so many
    guesses of each."""
    for found in schema_of(told).get_all_operations():
        operation = found.ok()
        yield from islice(_edges(operation), 0, edges * every, every)
        for mode in BOTH:
            yield from _guesses(operation, mode, guesses)


@cache
def our_cases(edges: int, guesses: int, every: int = 1) -> tuple[Case, ...]:
    """Those of our document, made once: whoever asks, they are the same, and making them takes longer than asking."""
    return tuple(cases_of(document(), edges=edges, guesses=guesses, every=every))


def _edges(operation: Any) -> Iterator[Case]:
    """Every limit of every parameter and field: just allowed, and just not."""
    yield from CoverageGenerator(
        operation=operation,
        generation_modes=BOTH,
        generation_config=operation.schema.config.generation,
        auth_storage=None,
        override=Override(),
        feedback=FeedbackSources(),
    )


def _guesses(operation: Any, mode: GenerationMode, count: int) -> list[Case]:
    """So many requests at random, the same in each run."""
    made: list[Case] = []

    @seed(SEED)
    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def make(case: Case) -> None:
        made.append(case)

    make()
    return made


@contextmanager
def _connections_kept() -> Iterator[None]:
    """A request that ends does not close the database's connection, which the test's own transaction is on."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


@dataclass
class Examination:
    """Somebody asks. `ids` are of things that are there, for paths to name."""

    headers: dict[str, str]
    ids: dict[str, str]
    asked: int = 0
    contradictions: list[str] = field(default_factory=list)

    def ask_all(self, cases: Iterable[Case]) -> None:
        """Ask, and judge each answer. Whatever a request did is undone."""
        with _connections_kept():
            for case in cases:
                self._ask(case)

    def _ask(self, case: Case) -> None:
        _name_what_is_there(case, self.ids)
        self.asked += 1
        with undone():
            try:
                case.call_and_validate(headers=self.headers, checks=CHECKS)
            except FailureGroup as group:
                self.contradictions.append(str(group))


def _name_what_is_there(case: Case, ids: dict[str, str]) -> None:
    for name in set(case.path_parameters or {}) & set(ids):
        case.path_parameters[name] = ids[name]
