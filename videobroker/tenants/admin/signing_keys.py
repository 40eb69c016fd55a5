"""The pages of signing keys: which there are, and nothing of what they are made of."""

from django.contrib import admin
from django.utils.safestring import SafeString

from videobroker.admin.showing import badge, moment
from videobroker.admin.site import console
from videobroker.admin.tenancy import OperatorAdmin
from videobroker.tenants.models import SigningKey


@admin.register(SigningKey, site=console)
class SigningKeyAdmin(OperatorAdmin):
    """The keys we sign with. `manage.py rotate_signing_key` makes the next one."""

    is_editable = False
    tenant_path = ""
    list_display = ["id", "purpose", "standing", moment("created_at"), moment("retired_at")]
    list_filter = ["purpose"]
    empty_advice = "No signing keys yet: the first is made when something is first signed."
    fields = ["id", "purpose", "standing", moment("created_at"), moment("retired_at")]
    readonly_fields = fields

    @admin.display(description="state")
    def standing(self, key: SigningKey) -> SafeString:
        return badge("retired") if key.retired_at else badge("current", "good")
