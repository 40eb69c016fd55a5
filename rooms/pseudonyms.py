"""Somebody who is to be nobody any more, and what is left of a text or a JSON document without them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from rooms.doorkeeping import doorkeeper
from videobroker.tenants.callers import CallerKind
from videobroker.tenants.models import Tenant

# Where in a JSON document the name that a person goes by stands, and what they showed of themselves.
SHOWN: Final = frozenset({"display_name", "context", "name", "username"})


@dataclass(frozen=True)
class Person:
    """Who is to be nobody any more. Whom something was granted to after `given_until` is somebody new of the same
    identity. `others` are further names of theirs: display names, and what they signed in as."""

    tenant: Tenant
    identity: str
    pseudonym: str
    given_until: datetime
    others: frozenset[str] = field(default_factory=frozenset)

    @property
    def doer(self) -> str:
        """How columns name them that say who did something."""
        return f"{CallerKind.IDENTITY}:{self.identity}"

    @property
    def doer_after(self) -> str:
        return f"{CallerKind.IDENTITY}:{self.pseudonym}"

    def is_named_in(self, context: str | None) -> bool:
        """Whether somebody who shows this as their context shows that they are this person, truly or not."""
        named = doorkeeper().named_in(context or "")
        return named is not None and named.identity == self.identity

    def free_of(self, text: str) -> str:
        """A text about them, without their names."""
        names = sorted({self.identity, *self.others}, key=len, reverse=True)
        words = "|".join(re.escape(name) for name in names if name)
        return re.sub(rf"(?<!\w)(?:{words})(?!\w)", self.pseudonym, text)

    def out_of(self, value: Any, *, about: bool, under: str = "") -> Any:
        """A JSON document without them. Names that others may have as well are taken out only of what is `about` them;
        `under` is the key that the value stands under."""
        if isinstance(value, dict):
            return {key: self.out_of(inner, about=about, under=key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.out_of(inner, about=about, under=under) for inner in value]
        if not isinstance(value, str):
            return value
        if value == self.doer:
            return self.doer_after
        if value == self.identity and ("identit" in under or under == "holder"):
            return self.pseudonym
        if about and under in SHOWN:
            return ""
        return self.free_of(value) if about and under in {"reason", "holder"} else value


def mentioning(rows: QuerySet[Any], column: str, person: Person) -> QuerySet[Any]:
    """Rows whose JSON has the identity somewhere in its text, and perhaps some more."""
    found: QuerySet[Any] = rows.annotate(told=Cast(column, TextField())).filter(mention("told", person))
    return found


def mention(column: str, person: Person) -> Q:
    """The condition that this column's JSON, as text, has the identity in it."""
    found = Q()
    for text in spellings(person.identity):
        found |= Q(**{f"{column}__contains": text})
    return found


def spellings(identity: str) -> Iterator[str]:
    """How the identity may stand in JSON: as it is, or with what is not ASCII written as an escape."""
    yield json.dumps(identity)[1:-1]
    if not identity.isascii():
        yield json.dumps(identity, ensure_ascii=False)[1:-1]
