"""What is asked beside "are you sure" about a recording or composition: why it is held, and how long it is kept."""

from datetime import UTC
from typing import Any

from django import forms
from django.utils import timezone

from rooms.models import RETENTION_FLOOR


class HoldTermsForm(forms.Form):
    """Why something is held, and by whom."""

    reason = forms.CharField(label="Reason", max_length=500, help_text="Such as the number of a case.")
    holder = forms.CharField(
        label="Who answers for it",
        max_length=200,
        required=False,
        help_text="Whom to ask before it is lifted. Left empty, that is you.",
    )


class RetainForm(forms.Form):
    """Until when something is kept."""

    until = forms.DateTimeField(
        label="Until (UTC)",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text="At least a day from now. Left empty, it is kept as long as its room says.",
    )

    def clean_until(self) -> Any:
        until = self.cleaned_data["until"]
        if until is not None and until.astimezone(UTC) < timezone.now() + RETENTION_FLOOR:
            raise forms.ValidationError("Give a time at least a day from now.")
        return until
