"""What is written about videobroker is so: each page is compared with the code it speaks of."""

import ast
import builtins
import importlib
import re
import shlex
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import URLPattern, URLResolver, get_resolver

from tests import sources
from tests.cast import Company
from tests.pages import ADDING_AN_ACTION, OPERATING, README, REASONS, ROOT, Page, named, pages, rows

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Reasons that Django REST framework words: codes of its fields, and of a request without a credential.
OF_THE_FRAMEWORK = {"null", "blank", "invalid_choice", "not_authenticated"}


# --- Configuration ----------------------------------------------------------------------------------------


def settings_table() -> dict[str, str]:
    return {named(cells[0])[0]: cells[1] for cells in rows(README.section("Configuration"))}


def test_every_setting_stands_in_the_readme_and_no_other() -> None:
    assert sorted(settings_table()) == sorted(sources.settings_read())


@pytest.mark.parametrize("name", sorted(sources.settings_read()))
def test_the_default_of_a_setting_is_the_one_the_readme_says(name: str) -> None:
    told, default = settings_table()[name], sources.settings_read()[name]
    assert told
    if isinstance(default, ast.Constant | ast.List):
        assert same_default(told, ast.literal_eval(default)), told


def same_default(told: str, value: Any) -> bool:
    if value in ("", []):
        return told == "none" or told.startswith("generated")
    shown = ",".join(value) if isinstance(value, list) else str(value)
    return named(told)[0] in {shown, shown.lower(), shown.removesuffix(".0")}


# --- Commands ---------------------------------------------------------------------------------------------


def commands_given() -> list[tuple[str, list[str]]]:
    """Every `manage.py` command in a shell block, with its arguments."""
    lines = [
        line
        for page in pages()
        for block in page.code("sh")
        for line in block.replace("\\\n", " ").replace("\n'", "'").splitlines()
        if "manage.py " in line and "shell -c" not in line
    ]
    split = [shlex.split(re.split(r"[<>#]", line.split("manage.py ")[1])[0]) for line in lines]
    return [(words[0], words[1:]) for words in split]


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_command_that_is_named_exists(page: Page) -> None:
    assert set(re.findall(r"manage\.py ([a-z_]+)", page.text)) <= set(get_commands())


@pytest.mark.parametrize(("name", "arguments"), commands_given())
def test_every_command_takes_the_arguments_it_is_given(name: str, arguments: list[str]) -> None:
    found: Any = get_commands()[name]
    command = load_command_class(found, name) if isinstance(found, str) else found
    command.create_parser("manage.py", name).parse_args(arguments)


# --- The API ----------------------------------------------------------------------------------------------


def paths(patterns: list[Any] | None = None, before: str = "") -> dict[str, Any]:
    """Every path but the admin's, written as in the README, with its view."""
    found: dict[str, Any] = {}
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = before + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            found |= {} if path.startswith("admin") else paths(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and not path.startswith("admin"):
            found[f"/{path}"] = pattern.callback
    return found


def operations() -> dict[str, tuple[str, bool]]:
    """Every operation in the code: the scope it takes (empty: none), and whether people may call it at all."""
    found: dict[str, tuple[str, bool]] = {}
    for path, view in paths().items():
        of_class: Any = getattr(view, "cls", None)
        scopes = getattr(of_class, "scopes", None)
        plain = "POST" if path.startswith("/webhooks/") else "GET"
        for method in METHODS if scopes is not None else (plain,):
            if scopes is None or hasattr(of_class, method.lower()):
                people = method in getattr(of_class, "for_people", ())
                found[f"{method} {path}"] = ((scopes or {}).get(method, ""), people)
    return found


def operations_told() -> dict[str, tuple[str, bool]]:
    told: dict[str, tuple[str, bool]] = {}
    for cells in rows(README.section("The API")):
        scope, people = (named(cells[1])[0], cells[2] != "no") if len(cells) == 4 else ("", False)
        told[named(cells[0])[0]] = (scope, people)
    return told


def test_every_operation_stands_in_the_readme_with_those_who_may_call_it() -> None:
    assert operations_told() == operations()


# --- Reasons and events -----------------------------------------------------------------------------------


def reasons_told() -> set[str]:
    columns = [cells[1] if cells[0].isdigit() else cells[0] for cells in rows(REASONS.text)]
    return {reason for cell in columns for reason in named(cell)}


def test_every_reason_of_the_code_is_explained() -> None:
    assert sources.reasons() - {"admitted"} - reasons_told() == set()


def test_every_reason_that_is_explained_is_given_somewhere() -> None:
    assert reasons_told() - sources.words() - OF_THE_FRAMEWORK == set()


def test_the_reasons_of_the_readme_are_explained() -> None:
    told = {reason for cells in rows(README.section("Refusals")) for reason in named(cells[0])}
    assert told <= reasons_told()


def test_every_event_of_the_log_is_explained_and_no_other() -> None:
    tables = rows(OPERATING.section("Reading the log"))
    told = {event for cells in tables if len(cells) == 4 for event in named(cells[0].split(" with ")[0])}
    assert told == sources.log_events()


def test_who_is_on_call_is_told_of_every_failure_of_telnyx() -> None:
    told = {named(cells[0])[0] for cells in rows(OPERATING.section("Telnyx fails us: `upstream_…`"))}
    assert told == {reason for reason in sources.reasons() if reason.startswith("upstream_")}


# --- Links ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", pages(), ids=str)
def test_links_lead_somewhere(page: Page) -> None:
    for target in page.links:
        path, _, anchor = target.partition("#")
        linked = (page.path.parent / path).resolve() if path else page.path
        assert linked.exists(), target
        assert not anchor or anchor in Page(linked).anchors, target


def test_every_decision_that_the_code_refers_to_is_written_down() -> None:
    for path, _ in sources.sources():
        for decision in re.findall(r"docs/decisions/[\w-]+\.md", path.read_text(encoding="utf-8")):
            assert (ROOT / decision).exists(), f"{path}: {decision}"


def test_the_readme_links_to_every_decision() -> None:
    written = {str(path.relative_to(ROOT)) for path in (ROOT / "docs/decisions").glob("*.md")}
    assert written <= set(README.links)


# --- Code -------------------------------------------------------------------------------------------------


def steps_of_the_walk() -> list[tuple[str, str]]:
    """The code that the walk adds to a module, with that module's name."""
    found = re.findall(r"[Ii]n `(rooms/[\w/]+)\.py`.*?```python\n(.*?)```", ADDING_AN_ACTION.text, re.DOTALL)
    return [(path.replace("/", "."), code) for path, code in found]


@pytest.mark.parametrize(("module", "code"), steps_of_the_walk())
def test_the_walk_through_the_house_uses_names_that_are_there(module: str, code: str) -> None:
    known = {*dir(builtins), *dir(importlib.import_module(module)), "ExtendView", "ExtendBody"}
    known |= {
        name
        for other in ("datetime", "rooms.models", "rooms.serializers", "videobroker.api.problems")
        for name in dir(importlib.import_module(other))
    }
    nodes = list(ast.walk(ast.parse(code)))
    known |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert used - stored - known == set()


@pytest.mark.django_db(transaction=True)
def test_the_readmes_lines_for_the_official_sdk_run(
    acme: Company, live_server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (lines,) = README.code("python")
    here = lines.replace("http://127.0.0.1:8000", live_server.url)
    assert here != lines
    exec(compile(here, "README.md", "exec"), {"api_key": acme.api_key})
    assert capsys.readouterr().out.splitlines()[-1] == "banned"
