"""Steps are put in order, or the plan is refused."""

from __future__ import annotations

import pytest

from videobroker.running.steps import Errand, ImpossiblePlanError, Step, followers_of, in_order


def step(name: str, *after: str) -> Step:
    return Errand(name=name, argv=("true",), env={"KEY": "wax"}, after=after)


def test_steps_come_behind_all_they_come_after() -> None:
    ordered = in_order(
        [step("demo", "web"), step("web", "migrate", "valkey"), step("valkey"), step("migrate")]
    )
    names = [one.name for one in ordered]
    assert set(names[:2]) == {"migrate", "valkey"}
    assert names[2:] == ["web", "demo"]


def test_followers_are_found_through_others() -> None:
    followers = followers_of(in_order([step("valkey"), step("web", "valkey"), step("demo", "web")]))
    assert followers == {"valkey": {"web", "demo"}, "web": {"demo"}, "demo": set()}


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([step("web"), step("web")], "same name"),
        ([step("web", "moon")], "web comes after .'moon'."),
        ([step("web", "beat"), step("beat", "web")], "wait for each other"),
    ],
)
def test_a_plan_without_an_order_is_refused(steps: list[Step], message: str) -> None:
    with pytest.raises(ImpossiblePlanError, match=message):
        in_order(steps)


def test_the_environment_of_a_step_is_not_in_its_repr() -> None:
    assert "wax" not in repr(step("web"))
