"""What somebody else does at the worst moment: between two statements of what is under test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

Act = Callable[[], object]


@contextmanager
def just_before(is_it: Callable[[str], bool], act: Act) -> Iterator[None]:
    """Something is done just before the first statement that `is_it`; there has to be one."""
    is_done = False

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal is_done
        if not is_done and is_it(sql):
            is_done = True
            act()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield
    assert is_done


def when_first_written(table: str, act: Act) -> Any:
    """Something is done just before the first write to this table."""
    writes = ("INSERT", "UPDATE", "DELETE")
    return just_before(lambda sql: sql.startswith(writes) and f'"{table}"' in sql, act)
