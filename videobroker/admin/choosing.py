"""Choosing rows of another table: in forms, while typing, and in the filters beside a list."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib.admin import RelatedFieldListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import ValidationError
from django.forms import ModelChoiceField

# A list with more entries than these is no help any more: rows are then found by typing and searching, or from what
# they belong to.
MOST_OFFERED: Final = 50


class RowChoice(ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs alone
    """A choice among rows, each called as `called` says."""

    called: Callable[[Any], str] = str

    def label_from_instance(self, obj: Any) -> str:
        return self.called(obj)


class RowsByTyping(AutocompleteJsonView):
    """The rows that fit what was typed, of those that the form takes, called as there."""

    def get_queryset(self) -> Any:
        site: Any = self.admin_site
        page = site.get_model_admin(self.source_field.model)
        taken = page.choices_for(self.model_admin.model, self.request)
        return super().get_queryset().filter(pk__in=taken.order_by().values("pk"))

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        return {
            "id": str(getattr(obj, to_field_name)),
            "text": self.model_admin.name_for(self.request, obj),  # type: ignore[attr-defined]  # one of our pages
        }


class FewRelated(RelatedFieldListFilter):
    """A filter by the row that is belonged to, which offers the first of them only."""

    def field_choices(self, field: Any, request: Any, model_admin: Any) -> list[Any]:
        rows = field.related_model._default_manager.order_by("name")
        try:
            chosen = list(rows.filter(pk=self.lookup_val[-1])) if self.lookup_val else []
        except ValidationError as error:
            raise IncorrectLookupParameters(f"{self.lookup_val} is no id") from error
        offered = {row.pk: str(row) for row in [*chosen, *rows[:MOST_OFFERED]]}
        return list(offered.items())
