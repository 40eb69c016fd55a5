"""Sealing stored secrets anew when the key ring changes."""

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from videobroker.tenants.keyring import keyring
from videobroker.tenants.sealing import place_of


def reseal_all() -> Iterator[tuple[str, int]]:
    """Seal every secret of every table under the ring's first key; yields each table with how many it did.

    Works while others write: a row is changed only if its ciphertext is still the one that was read.
    """
    for model in apps.get_models():
        for column in getattr(model, "sealed_columns", ()):
            yield f"{model._meta.db_table}.{column}", _reseal(model, column)


def _reseal(model: type[models.Model], column: str) -> int:
    count = 0
    ring = keyring()
    rows = model._default_manager.exclude(**{column: ""}).only("pk", column)
    for row in rows.iterator(chunk_size=500):
        sealed = getattr(row, column)
        if ring.is_current(sealed):
            continue
        place = place_of(row, column)
        anew = ring.seal(ring.open(sealed, bound_to=place), bound_to=place)
        count += model._default_manager.filter(pk=row.pk, **{column: sealed}).update(**{column: anew})
    return count
