"""What the whole database holds, to be compared before and after."""

from typing import Any

from django.apps import apps

# Columns that a mere question may change.
PASSING = {"tenants.ApiKey": {"last_used_at"}}


def database() -> dict[str, list[str]]:
    """Every row of every table as text, by table."""
    return {model._meta.label: _rows(model) for model in apps.get_models()}


def _rows(model: Any) -> list[str]:
    passing = PASSING.get(model._meta.label, set())
    columns = [found.attname for found in model._meta.concrete_fields if found.attname not in passing]
    return sorted(map(repr, model._base_manager.values_list(*columns)))
