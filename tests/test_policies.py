"""No endpoint without a policy: the URLconf, the views and the table of `tests/videobroker/api/policies.py` agree."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.views import APIView

from tests.videobroker.api.policies import HOUSES, PUBLIC, RULES, SIGNED, Rule
from videobroker.api.permissions import NobodyMay
from videobroker.api.views import ApiView

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def patterns(inside: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every path of the URLconf but the admin's, with its view (its class, where it has one)."""
    for found in inside.url_patterns:
        route = prefix + str(found.pattern)
        if isinstance(found, URLResolver):
            if not route.startswith("admin/"):
                yield from patterns(found, route)
        elif isinstance(found, URLPattern) and route != "admin":
            yield route, getattr(found.callback, "view_class", getattr(found.callback, "cls", found.callback))


VIEWS = dict(patterns(get_resolver()))
GUARDED = {route: view for route, view in VIEWS.items() if route not in PUBLIC | SIGNED | HOUSES}


def test_every_method_of_every_path_is_in_the_table_and_nothing_else_is() -> None:
    served = {
        (route, method)
        for route, view in GUARDED.items()
        for method in METHODS
        if hasattr(view, method.lower())
    }
    assert {(rule.route, rule.method) for rule in RULES} == served, (
        "a new endpoint needs a Rule in tests/videobroker/api/policies.py"
    )


def test_every_path_that_takes_no_credential_of_ours_is_still_there() -> None:
    assert set(VIEWS) >= PUBLIC | SIGNED | HOUSES


def test_no_rule_stands_twice() -> None:
    assert len({str(rule) for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("route", sorted(GUARDED))
def test_every_guarded_path_is_an_endpoint_of_the_dialect(route: str) -> None:
    assert issubclass(GUARDED[route], ApiView)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_view_says_the_scope_that_the_table_says(rule: Rule) -> None:
    view = GUARDED[rule.route]
    assert view.scopes.get(rule.method) == rule.scope


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_view_is_open_to_people_where_the_table_says_so(rule: Rule) -> None:
    assert (rule.method in GUARDED[rule.route].for_people) is rule.for_people


@pytest.mark.parametrize("route", sorted(GUARDED))
def test_a_view_names_no_method_that_it_does_not_have(route: str) -> None:
    view = GUARDED[route]
    assert all(hasattr(view, method.lower()) for method in {*view.scopes, *view.for_people})


def test_a_view_that_says_nothing_lets_nobody_in() -> None:
    assert [type(each) for each in APIView().get_permissions()] == [NobodyMay]
    assert ApiView.scopes == {}
    assert ApiView.for_people == {}
