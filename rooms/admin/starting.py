"""Filters that begin with a choice: what a list is mostly opened for, and the rest one click away."""

from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest


class StartingFilter(SimpleListFilter):
    """A filter that shows the first of its `entries` until another is chosen."""

    entries: ClassVar[dict[str, str]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.entries.items())

    @property
    def chosen(self) -> str:
        """The entry that is shown; what nobody offered is as none."""
        value = self.value()
        return value if value in self.entries else next(iter(self.entries))

    def choices(self, changelist: Any) -> Any:
        for word, title in self.entries.items():
            query = changelist.get_query_string({self.parameter_name: word})
            yield {"selected": word == self.chosen, "query_string": query, "display": title}
