"""Every fault of Telnyx's while a film is looked for, and while it is deleted: `pytest tests/rooms/soak_deleting.py`.
It is not part of the suite; `test_deleting.py` takes fewer of those met in looking."""

from typing import Any

import pytest

from rooms.models import Recording
from tests.rooms.deletions import DELETE, FAULTS, LOOK, delete_under, film, named
from tests.rooms.films import Studio

__all__ = ["film"]


@pytest.mark.django_db
@pytest.mark.parametrize("operation", [LOOK, DELETE])
@pytest.mark.parametrize("fault", FAULTS, ids=named)
def test_after_any_fault_it_is_deleted_once_with_one_receipt(
    studio: Studio, film: Recording, fault: dict[str, Any], operation: str, settings: Any
) -> None:
    delete_under(studio, film, operation, fault, settings)
