"""The pages of the audit."""

from django.contrib import admin

from videobroker.admin.showing import moment, state, structure
from videobroker.admin.site import console
from videobroker.admin.tenancy import OperatorAdmin
from videobroker.tenants.models import AuditEntry

OUTCOMES = {AuditEntry.Outcome.REFUSED.value: "warn", AuditEntry.Outcome.DONE.value: "good"}


@admin.register(AuditEntry, site=console)
class AuditEntryAdmin(OperatorAdmin):
    """Who did what to whom. Nothing here is ever changed."""

    is_editable = False
    linked_by = ("room_id",)
    list_display = [
        moment("occurred_at", "when"), "actor", "action", state("outcome", OUTCOMES), "reason", "subject_kind",
        "subject", "address",
    ]  # fmt: skip
    list_filter = ["outcome", "actor_kind", ("occurred_at", admin.DateFieldListFilter)]
    search_fields = ["actor", "action", "subject", "reason", "request_id"]
    search_help_text = "Part of who, what, whom or why, or the request id of an answer."
    empty_advice = (
        "Nothing has happened yet. Every act that needs a right, and every refusal, is written down here."
    )
    fields = [
        moment("occurred_at", "when"), "tenant", "actor_kind", "actor", "action", state("outcome", OUTCOMES), "reason",
        "subject_kind", "subject", "room_id", "address", "request_id", structure("details"),
    ]  # fmt: skip
    readonly_fields = fields
