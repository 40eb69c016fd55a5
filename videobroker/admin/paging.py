"""Paging through lists that may be longer than anybody wants to page through."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator

from videobroker.admin.figures import MOST_COUNTED, counted

if TYPE_CHECKING:
    Pages = Paginator[Any]
else:
    Pages = Paginator


class ShortPaginator(Pages):
    """Pages through the first `MOST_COUNTED` rows, so that no list has to be counted to its end. Whatever is beyond
    them is found by searching and filtering."""

    object_list: Any  # a query set, whose count stops where it is told to

    @cached_property
    def count(self) -> int:
        return counted(self.object_list)

    @property
    def is_cut(self) -> bool:
        """Whether there may be more rows than can be paged through."""
        return self.count >= MOST_COUNTED
