"""Forms that follow the same rules as the REST bodies, because they ask them."""

from typing import Any, ClassVar

from django.utils import timezone

from videobroker.admin.tenancy import RowForm
from videobroker.api.serializers import Body


class BodyForm(RowForm):
    """A form whose fields are checked and cleaned by the body that the API takes; `values` is what came of it.

    `body` is for new rows, `change_body` for changes (None: the same). Only what was filled in or changed is given
    to it, as a caller of the API would.
    """

    body: ClassVar[type[Body]]
    change_body: ClassVar[type[Body] | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.values: dict[str, Any] = {}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        is_new = self.instance._state.adding
        kind = self.body if is_new else self.change_body or self.body
        body = kind(
            None if is_new else self.instance,
            data=self._given(kind, cleaned),
            partial=not is_new,
            context={"now": timezone.now()},
        )
        if body.is_valid():
            self.values = dict(body.validated_data)
        else:
            self._tell(body.errors)
        return cleaned

    def _given(self, kind: type[Body], cleaned: dict[str, Any]) -> dict[str, Any]:
        names = set(kind().fields) & set(cleaned) & set(self.changed_data)
        return {name: cleaned[name] for name in names}

    def _tell(self, errors: Any) -> None:
        for name, messages in errors.items():
            if name not in self.errors:  # else the form has said it already
                self.add_error(name if name in self.fields else None, [str(message) for message in messages])
