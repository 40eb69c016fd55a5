"""What runs, and what it is told, follows from what the environment names."""

from __future__ import annotations

from pathlib import Path

from videobroker.running.plan import Plan
from videobroker.running.steps import in_order


def plan(environ: dict[str, str], *, simulator: bool = True, embedded_valkey: bool = True) -> Plan:
    return Plan(
        project_dir=Path("/house"),
        data_dir=Path("/house/var"),
        port=8000,
        simulator_port=8001 if simulator else None,
        valkey_port=6400 if embedded_valkey else None,
        on_terminal=False,
        environ=environ,
        on_simulator=lambda _announcement: None,
    )


def names(plan: Plan) -> set[str]:
    return {step.name for step in plan.steps()}


def test_everything_is_embedded_when_nothing_is_named() -> None:
    assert names(plan({})) == {"valkey", "simulator", "migrate", "web", "worker", "beat", "demo"}


def test_a_named_redis_server_is_used_instead_of_an_embedded_one() -> None:
    given = plan({"REDIS_URL": "redis://elsewhere/3"}, embedded_valkey=False)
    assert "valkey" not in names(given)
    assert given.environment()["REDIS_URL"] == "redis://elsewhere/3"


def test_a_real_account_is_used_instead_of_the_simulator() -> None:
    given = plan({"TELNYX_API_KEY": "KEY-wax"}, simulator=False)
    assert "simulator" not in names(given)
    assert given.environment().keys().isdisjoint({"TELNYX_API_BASE", "ALLOW_PRIVATE_ADDRESSES"})


def test_the_demo_comes_when_all_others_are_ready() -> None:
    for given in (plan({}), plan({}, simulator=False, embedded_valkey=False)):
        assert in_order(given.steps())[-1].name == "demo"
        assert set(in_order(given.steps())[-1].after) == names(given) - {"demo"}


def test_all_steps_are_told_where_everything_is() -> None:
    for step in plan({"HOME": "/home/ana"}).steps():
        assert (
            step.env.items()
            >= {
                "HOME": "/home/ana",
                "PYTHONUNBUFFERED": "1",
                "DATA_DIR": "/house/var",
                "PORT": "8000",
                "SIMULATOR_PORT": "8001",
                "PUBLIC_URL": "http://127.0.0.1:8000",
                "REDIS_URL": "redis://127.0.0.1:6400/0",
                "TELNYX_API_BASE": "http://127.0.0.1:8001/v2",
            }.items()
        )


def test_a_public_url_of_the_callers_is_kept() -> None:
    given = plan({"PUBLIC_URL": "https://video.acme.example"})
    assert given.environment()["PUBLIC_URL"] == "https://video.acme.example"


def test_secrets_of_the_environment_are_not_in_a_plans_repr() -> None:
    assert "wax" not in repr(plan({"TELNYX_API_KEY": "KEY-wax"}))
