"""Filling in the console's forms as a browser would."""

from typing import Any

from django.contrib.admin.helpers import AdminForm
from django.test import Client
from django.urls import reverse


def change_path(page: str, row: Any) -> str:
    return reverse(f"admin:{page}_change", args=[row.pk])


def act_path(page: str, row: Any, act: str) -> str:
    return reverse(f"admin:{page}_{act}", args=[row.pk])


def send(browser: Client, path: str, **values: Any) -> Any:
    """Open the form at `path`, change these values in it (None: leave out), and send it."""
    opened = browser.get(path)
    assert opened.status_code == 200, f"{path}: {opened.status_code}"
    filled = {**_filled_in(opened.context["adminform"]), **_flat(values)}
    return browser.post(path, {name: value for name, value in filled.items() if value is not None})


def errors(answer: Any) -> dict[str, list[str]]:
    """What the form says is wrong, by field."""
    assert answer.status_code == 200, answer
    return {name: list(found) for name, found in answer.context["adminform"].form.errors.items()}


def _filled_in(shown: AdminForm) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for bound in shown.form:
        value = bound.value()
        if hasattr(bound.field.widget, "widgets"):  # a date and a time
            parts = bound.field.widget.decompress(value) if not isinstance(value, list) else value
            filled |= {f"{bound.html_name}_{at}": part for at, part in enumerate(parts) if part}
        elif value not in (None, False):
            filled[bound.html_name] = value
    return filled


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """Times as the two fields that they have."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if hasattr(value, "strftime"):
            flat |= {f"{name}_0": f"{value:%Y-%m-%d}", f"{name}_1": f"{value:%H:%M:%S}"}
        else:
            flat[name] = value
    return flat
