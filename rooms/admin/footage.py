"""What the pages of recordings and compositions have in common: who finds them, the buttons, the way to the file."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rooms import discarding, downloading, holding, retaining
from rooms.admin.footage_terms import HoldTermsForm, RetainForm
from rooms.admin.retention import AnyFootage, is_held, kept_until, mark_held, shown
from rooms.admin.room_bound import RoomBoundAdmin
from rooms.admin.timeline import lasting
from rooms.models import Deletion, Footage, Room
from videobroker.admin.acts import Act
from videobroker.admin.callers import caller_of, user_of
from videobroker.admin.showing import EMPTY
from videobroker.api.problems import Problem
from videobroker.tenants.callers import Caller

State = Footage.State


def is_kept(footage: AnyFootage) -> bool:
    """Whether it is there, and not being deleted."""
    return footage.state == State.KEPT


def _hold(caller: Caller, footage: AnyFootage, now: datetime, *, reason: str, holder: str) -> str:
    answers_for_it = holder or f"{caller.kind}:{caller.subject}"
    subject = {footage.kind.value: footage}
    holding.place(caller, footage.room.tenant, subject, reason=reason, holder=answers_for_it)
    return "It is held: nothing and nobody deletes it until the hold is lifted."


def _retain(caller: Caller, footage: AnyFootage, now: datetime, *, until: datetime | None) -> str:
    retaining.retain(caller, footage, until, now=now)
    if until is None:
        return "It is kept as long as its room says. A retention that becomes shorter holds after a day."
    return f"It is kept until {until:%Y-%m-%d %H:%M} UTC, or for a day if that is longer."


def _discard(caller: Caller, footage: AnyFootage, now: datetime) -> str:
    discarding.discard(caller, footage)
    return "It is gone from all lists, and is being deleted at Telnyx. Its receipt says how that went."


def _asks_to_discard(footage: AnyFootage) -> str:
    stays = (
        "Compositions that show it stay."
        if footage._meta.model_name == "recording"
        else "What it was made of stays."
    )
    return (
        f"The {footage} in “{footage.room}” is deleted: nobody can download it from now on, and Telnyx deletes the "
        f"file soon after. {stays} This cannot be taken back; a receipt is kept."
    )


ACTS: Final = (
    Act(
        "hold",
        "Hold",
        "The {row} in “{row.room}” is kept until the hold is lifted: it is not deleted when its time is over, nor by "
        "anybody's order, nor with its room. Lifting a hold takes an operator or your back end.",
        _hold,
        offered=is_kept,
        form=HoldTermsForm,
    ),
    Act(
        "retain",
        "Keep until…",
        "The {row} in “{row.room}” is kept until a time of its own instead of as long as its room says. A retention "
        "that becomes shorter holds after a day.",
        _retain,
        offered=is_kept,
        form=RetainForm,
        for_operators=True,
    ),
    Act(
        "discard",
        "Delete",
        _asks_to_discard,
        _discard,
        offered=lambda footage: is_kept(footage) and not is_held(footage),
        is_grave=True,
        audits_refusals=True,
    ),
)


class FilmList(ChangeList):
    """A page of films. Whether holds cover them is asked for these alone: with the list, it would be worked out for all
    that were found before the first fifty are shown."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        films = list(self.result_list)
        mark_held(films)
        self.result_list: Any = films


class FootageAdmin(RoomBoundAdmin):
    """Films of people: moderators find those of the rooms they moderate, and may do with them what they may over REST.
    Rows are written by what Telnyx tells; nothing in them is changed by hand."""

    change_form_template = "console/footage.html"
    acts: ClassVar[Sequence[Act]] = ACTS
    linked_by: ClassVar[list[str]] = ["room", "session"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("tenant", "room__tenant", "room__account", "session__room")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FilmList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        footage = super().get_object(request, object_id, from_field)
        if footage is not None:
            mark_held([footage])
        return footage

    def rows_in(self, request: HttpRequest, room: Room) -> QuerySet[Any]:
        return super().rows_in(request, room).filter(state=State.KEPT)

    def may_decide(self, request: HttpRequest, row: AnyFootage) -> bool:
        """What was recorded in a room that is deleted is left to operators, as over REST to back ends."""
        return user_of(request).is_operator or super().may_decide(request, row)

    def history_of(self, row: AnyFootage) -> Q:
        return Q(tenant=row.tenant_id, room_id=row.room_id, subject_kind=self.kind, subject=str(row.pk))

    # --- The file -----------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download_view)
        name = f"rooms_{self.opts.model_name}_download"
        return [path("<path:object_id>/download/", view, name=name), *super().get_urls()]

    def download_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The way to the file, by the same rules and into the same audit as over REST; the link is on no page."""
        if request.method == "HEAD":
            return HttpResponseNotAllowed(["GET"])
        footage = self.find(request, object_id) if user_of(request).is_operator else None
        try:
            answer = self._hand_over(request, object_id, footage)
        except Problem as problem:
            return self._say_why_not(request, object_id, problem)
        return HttpResponse(status=answer.status_code, headers=dict(answer.headers))

    def _hand_over(self, request: HttpRequest, object_id: str, footage: AnyFootage | None) -> Any:
        if not self._may_write(request):
            raise PermissionDenied("Nothing is handed out while the tenant is suspended.")
        if footage is not None:
            if not is_kept(footage):
                raise Http404
            return downloading.hand_over(self.caller(request, footage), footage)
        try:
            footage_id = UUID(object_id)
        except ValueError as error:
            raise Http404 from error
        return downloading.answer(caller_of(request), self.model, footage_id)

    def _say_why_not(self, request: HttpRequest, object_id: str, problem: Problem) -> HttpResponse:
        if problem.faults[0].reason == "not_found":
            raise Http404 from problem
        if problem.status == 403:
            raise PermissionDenied(str(problem)) from problem
        messages.error(request, f"There is no file to hand out: {problem}")
        return HttpResponseRedirect(reverse(f"admin:rooms_{self.opts.model_name}_change", args=[object_id]))

    # --- The page of one ----------------------------------------------------------------------------------

    def beside_fields(self, request: HttpRequest, row: AnyFootage) -> dict[str, Any]:
        shows: dict[str, Any] = {
            "links": [link for link in self.links(row) if link[1]],
            "download_url": self._download_url(request, row),
        }
        if is_kept(row):
            shows["holds"] = shown(holding.holds_on(row), for_operator=user_of(request).is_operator)
        return shows

    def _download_url(self, request: HttpRequest, footage: AnyFootage) -> str:
        if (
            not downloading.has_file(footage)
            or not self._may_write(request)
            or not self.may_decide(request, footage)
        ):
            return ""
        return reverse(f"admin:rooms_{self.opts.model_name}_download", args=[footage.pk])

    def links(self, footage: Any) -> list[tuple[str, str]]:
        """What belongs to it, as far as there is such a page."""
        return [
            ("Who was in when", reverse("admin:rooms_session_change", args=[footage.session_id])),
            ("Receipt of its deletion", _receipt_url(footage)),
        ]

    # --- Columns ------------------------------------------------------------------------------------------

    @admin.display(description="kept until", ordering="expires_at")
    def kept(self, footage: Any) -> SafeString | str:
        return kept_until(footage, timezone.now())

    @admin.display(description="film", ordering="duration_secs")
    def film(self, footage: Any) -> SafeString:
        """What it is, how long and how big, in the space of one column."""
        kind = getattr(footage, "type", "") or footage.format
        told = [part for part in (self.length(footage), self.size(footage)) if part != EMPTY]
        return format_html("{} <small>{}</small>", kind, ", ".join(told))

    @admin.display(description="session", ordering="session__seen_at")
    def in_session(self, footage: Any) -> SafeString:
        url = reverse("admin:rooms_session_change", args=[footage.session_id])
        began = footage.session.started_at or footage.session.seen_at
        return format_html('<a href="{}">{}</a>', url, f"{began:%Y-%m-%d %H:%M}")

    @admin.display(description="length", ordering="duration_secs")
    def length(self, footage: Any) -> str:
        secs = footage.duration_secs
        return EMPTY if secs is None else lasting(timedelta(seconds=secs))

    @admin.display(description="size", ordering="size_mb")
    def size(self, footage: Any) -> str:
        return EMPTY if footage.size_mb is None else f"{footage.size_mb:,.1f} MB"

    @admin.display(description="session")
    def of_session(self, footage: Any) -> SafeString:
        url = reverse("admin:rooms_session_change", args=[footage.session_id])
        return format_html('<a href="{}">{}</a>', url, footage.session)


def _receipt_url(footage: AnyFootage) -> str:
    if is_kept(footage):
        return ""
    deletion = Deletion.objects.filter(footage_id=footage.pk).values_list("pk", flat=True).first()
    return reverse("admin:rooms_deletion_change", args=[deletion]) if deletion else ""
