"""What a moderator is asked beside "are you sure": for how long somebody is banned and why, and who is spared."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.utils import timezone

from rooms.serializers import BanTermsBody

AS_BELOW: Final = "until"
LASTING: Final = [
    ("600", "10 minutes"),
    ("3600", "1 hour"),
    ("86400", "1 day"),
    ("604800", "1 week"),
    ("", "Until the ban is lifted"),
    (AS_BELOW, "Until the time below"),
]


class BanTermsForm(forms.Form):
    """The terms of a ban as the API takes them: what is left in `cleaned_data` is `until` and `reason`."""

    lasting = forms.ChoiceField(label="For how long", choices=LASTING, required=False, initial="3600")
    until = forms.DateTimeField(
        label="Until (UTC)",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=f"Only with “{LASTING[-1][1]}”.",
    )
    reason = forms.CharField(
        label="Reason", max_length=500, required=False, help_text="Kept with the ban, for moderators to read."
    )

    def clean(self) -> dict[str, Any]:
        given = {"until": self._until(), "reason": self.cleaned_data.get("reason", "")}
        terms = BanTermsBody(data=given, context={"now": timezone.now()})
        if not self.errors and not terms.is_valid():
            for name, messages in terms.errors.items():
                self.add_error(name, [str(message) for message in messages])
        return given

    def _until(self) -> Any:
        lasting = self.cleaned_data.get("lasting", "")
        if lasting == AS_BELOW:
            until = self.cleaned_data.get("until")
            if until is None and "until" not in self.errors:
                self.add_error("until", "Say until when, or choose how long.")
            return until
        return timezone.now() + timedelta(seconds=int(lasting)) if lasting else None


class SparingForm(forms.Form):
    """Whether an order for everybody leaves the moderators out."""

    spare_moderators = forms.BooleanField(
        label="Leave moderators out",
        required=False,
        initial=True,
        help_text="Those who are in as moderators of this room, and credibly so.",
    )
