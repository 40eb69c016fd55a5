"""What stands in the history for a person who was erased.

A pseudonym is an HMAC of tenant and identity. It is the same whenever it is made, so the history of one person stays
one person's, and a ban still finds whom it is against; without the key nobody can tell from it who it was, nor try
names until one fits. Of another tenant's person of the same name the pseudonym is another one.
"""

import hmac
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from videobroker.tenants.identities import ERASED
from videobroker.tenants.models import PseudonymKey

# 128 bits: two people never share one.
DIGITS: Final = 32

_known: list[bytes] = []


def pseudonym_of(tenant_id: UUID, identity: str) -> str:
    """What stands for this person once they were erased: at most 60 characters, and nobody can have it as identity."""
    told = f"{tenant_id}\0{identity}".encode()
    return ERASED + hmac.digest(_key(), told, "sha256").hex()[:DIGITS]


def names_of(tenant_id: UUID, identity: str) -> list[str]:
    """Under which names something about this person may stand: their own, and their pseudonym."""
    return [identity, pseudonym_of(tenant_id, identity)]


def is_pseudonym(name: str | None) -> bool:
    """Whether this stands for somebody who was erased."""
    return name is not None and name.startswith(ERASED)


def forget_key() -> None:
    """Read the key anew: for tests, in which one process meets several databases."""
    _known.clear()


def _key() -> bytes:
    """Read once a process, and made by the first who needs it. It is remembered only once it is committed: a key that
    is rolled back must not have made a pseudonym that stays."""
    if _known:
        return _known[0]
    row = PseudonymKey.objects.first() or _make()
    key = row.key()
    transaction.on_commit(lambda: _remember(key))
    return key


def _remember(key: bytes) -> None:
    _known[:] = [key]


def _make() -> PseudonymKey:
    row = PseudonymKey.generate()
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # another process was first: theirs is the key
        row = PseudonymKey.objects.get()
    return row
