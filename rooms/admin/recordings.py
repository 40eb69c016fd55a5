"""The pages of recordings."""

from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rooms.admin.footage import FootageAdmin, State
from rooms.admin.footage_filters import SOON, Ending, FootageState, Holding
from rooms.admin.retention import ending, with_hold
from rooms.models import Recording
from videobroker.admin.figures import ByTenant, Figure, counted
from videobroker.admin.showing import badge, moment
from videobroker.admin.site import console
from videobroker.admin.tenancy import tenants_seen


@admin.register(Recording, site=console)
class RecordingAdmin(FootageAdmin):
    """What Telnyx has recorded of one person in one session."""

    linked_by: ClassVar[list[str]] = ["room", "session", "participant"]
    list_display = ["whose", "room", "standing", "kept", "film", moment("completed_at"), "in_session"]
    list_filter = [FootageState, "type", Holding, Ending]
    search_fields = [
        "participant__identity",
        "participant__display_name",
        "room__unique_name",
        "room__id",
        "id",
    ]
    search_help_text = "Part of an identity, of a shown name, or of a room's name, or an id."
    empty_advice = (
        "Nothing that was recorded is kept. Rooms with “enable recording” record whoever is in; each recording is here "
        "from its beginning until its time is over."
    )
    fields = [
        "of_whom", "room", "of_session", "standing", "kept", "type", "codec", "length", "size", moment("started_at"),
        moment("ended_at"), moment("completed_at"), moment("seen_at", "first heard of"), "id", "telnyx_id",
    ]  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("participant")

    def links(self, footage: Recording) -> list[tuple[str, str]]:
        person = reverse("admin:rooms_participant_change", args=[footage.participant_id])
        compositions = reverse("admin:rooms_composition_changelist")
        return [
            *super().links(footage),
            (f"Participant {footage.participant}", person),
            ("Compositions of the session", f"{compositions}?session__id__exact={footage.session_id}"),
        ]

    def figures(self, request: HttpRequest) -> list[Figure]:
        rows = self.get_queryset(request).filter(state=State.KEPT)
        going = rows.filter(_goes(), tenant__in=tenants_seen(request))
        return [
            Figure("recordings stored", counted(rows), self._list(), rank=6),
            Figure(
                "recordings that go within a day",
                counted(going),
                f"{self._list()}?held=no&ends=day",
                rank=6,
            ),
            Figure("recordings held", counted(rows.filter(held=True)), f"{self._list()}?held=yes", rank=6),
        ]

    def by_tenant(self, tenant_ids: Collection[UUID]) -> list[ByTenant]:
        rows = Recording.objects.filter(tenant__in=tenant_ids).kept().order_by().values("tenant")
        counts: list[Any] = list(
            rows.annotate(
                stored=Count("pk"),
                soon=Count("pk", filter=_goes()),
                held_now=Count("pk", filter=Q(held=True)),
            )
        )
        columns = {"recordings stored": "stored", "going within a day": "soon", "recordings held": "held_now"}
        return [
            ByTenant(label, {row["tenant"]: row[name] for row in counts}, rank=6)
            for label, name in columns.items()
        ]

    @admin.display(description="whose", ordering="participant__display_name")
    def whose(self, recording: Recording) -> str:
        return str(recording.participant)

    @admin.display(description="whose")
    def of_whom(self, recording: Recording) -> SafeString:
        url = reverse("admin:rooms_participant_change", args=[recording.participant_id])
        identity = recording.participant.identity or "not attributed"
        return format_html('<a href="{}">{}</a> <small>{}</small>', url, recording.participant, identity)

    @admin.display(description="state", ordering="state")
    def standing(self, recording: Recording) -> SafeString:
        return with_hold(recording, ending(recording) or _progress(recording))


def _progress(recording: Recording) -> SafeString:
    if recording.completed_at is not None:
        return badge("complete", "good")
    return badge("being recorded" if recording.ended_at is None else "in the making", "busy")


def _goes() -> Q:
    """What goes soon, or is due."""
    return Q(held=False, expires_at__lte=timezone.now() + SOON)
