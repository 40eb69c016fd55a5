"""A model attribute that is a `Secret` in memory and sealed text in its column."""

from typing import Any, overload

from django.db import models

from videobroker.secret import Secret
from videobroker.tenants.keyring import keyring


class SealedAttribute:
    """`api_key = SealedAttribute("sealed_api_key")`: reading opens the column, assigning seals into it.

    The ciphertext is bound to table, primary key and column, so it cannot be moved to another row. The model's
    primary key must therefore be known before the first save (ours are UUIDs made in Python).
    """

    def __init__(self, column: str) -> None:
        self.column = column

    def __set_name__(self, owner: type[models.Model], name: str) -> None:
        # Every model that keeps sealed columns lists them, so that rotation finds them all.
        owner.sealed_columns = (*getattr(owner, "sealed_columns", ()), self.column)  # type: ignore[attr-defined]  # added here

    @overload
    def __get__(self, row: None, owner: type[Any]) -> "SealedAttribute": ...
    @overload
    def __get__(self, row: models.Model, owner: type[Any]) -> Secret | None: ...
    def __get__(self, row: models.Model | None, owner: type[Any]) -> "SealedAttribute | Secret | None":
        if row is None:
            return self
        sealed = getattr(row, self.column)
        return keyring().open(sealed, bound_to=place_of(row, self.column)) if sealed else None

    def __set__(self, row: models.Model, secret: Secret | None) -> None:
        sealed = keyring().seal(secret, bound_to=place_of(row, self.column)) if secret else ""
        setattr(row, self.column, sealed)


def place_of(row: models.Model, column: str) -> str:
    """The name of the one place a ciphertext may be opened at."""
    return f"{row._meta.db_table}:{row.pk}:{column}"
