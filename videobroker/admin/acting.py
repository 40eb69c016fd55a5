"""The pages behind the buttons: ask, do, tell."""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from videobroker.admin.acts import Act
from videobroker.admin.pages import Page
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller


class ActingAdmin(Page):
    """A table whose rows have buttons, one for each of its `acts`."""

    acts: ClassVar[Sequence[Act]] = ()
    # What the calls behind forms and buttons may raise to say no; its text is shown to the person.
    refusals: ClassVar[tuple[type[Exception], ...]] = ()

    def may_act(self, request: HttpRequest, row: Any, act: Act) -> bool:
        """Whether the signed-in person may press this button of this row."""
        raise NotImplementedError

    def caller(self, request: HttpRequest, row: Any) -> Caller:
        """The signed-in person, acting on this row."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                f"<path:object_id>/{act.name}/",
                self.admin_site.admin_view(partial(self.act_view, act=act)),
                name=f"{self.opts.app_label}_{self.opts.model_name}_{act.name}",
            )
            for act in self.acts
        ] + super().get_urls()

    def act_view(self, request: HttpRequest, object_id: str, act: Act) -> HttpResponse:
        """GET asks, POST does. Whoever would confirm a question that reads otherwise by now is asked anew."""
        row = self.find(request, object_id)
        if not self.may_act(request, row, act):
            raise PermissionDenied("Only a moderator of the room or an operator may do this.")
        if not act.offered(row):
            messages.warning(request, f"“{act.label}” no longer applies: somebody was quicker.")
            return HttpResponseRedirect(self.back_from(request, row))
        form = act.form(request.POST if request.method == "POST" else None) if act.form else None
        question = act.question(row)
        if request.method == "POST" and request.POST.get("question", question) != question:
            messages.warning(request, "Something has changed since you were asked: nothing was done yet.")
            return self._ask(request, row, act, form)
        if request.method != "POST" or (form is not None and not form.is_valid()):
            return self._ask(request, row, act, form)
        return self._do(request, row, act, form.cleaned_data if form is not None else {})

    def _ask(self, request: HttpRequest, row: Any, act: Act, form: forms.Form | None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": act.label,
            "act": act,
            "form": form,
            "question": act.question(row),
            "original": row,
            "back": self.back_from(request, row),
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, "console/act.html", context)

    def _do(self, request: HttpRequest, row: Any, act: Act, values: dict[str, Any]) -> HttpResponse:
        try:
            with nullcontext() if act.audits_refusals else transaction.atomic():
                told = act.perform(self.caller(request, row), row, timezone.now(), **values)
        except self.refusals as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(self.back_from(request, row))
        messages.success(request, told)
        return HttpResponseRedirect(self._list() if act.leaves else self.back_from(request, row))

    def back_from(self, request: HttpRequest, row: Any) -> str:
        """Where the person is sent who has pressed a button of the row, or thought better of it."""
        return self.page_of(row)

    def page_of(self, row: Any) -> str:
        """Where the row's page is."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    def _list(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except self.refusals as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> Any:
        if obj:
            context["title"] = str(self.opts.verbose_name).capitalize()
            context["acts"] = [
                {"act": act, "url": self.page_of_act(obj, act)}
                for act in self.acts
                if act.offered(obj) and self.may_act(request, obj, act)
            ]
            context |= self.beside_fields(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def beside_fields(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the row's page shows beside its fields, for the template."""
        return {}

    def page_of_act(self, row: Any, act: Act) -> str:
        """Where the button's question is."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{act.name}", args=[row.pk])

    def audit(self, request: HttpRequest, row: Any, verb: str, details: dict[str, Any] | None = None) -> None:
        """Write into the audit what was done to the row by a form that has no call of its own behind it."""
        auditing.record(
            self.caller(request, row),
            f"{self.kind}.{verb}",
            subject_kind=self.kind,
            subject=self.subject_of(row),
            details=details,
        )

    def subject_of(self, row: Any) -> str:
        """The row's name in the audit."""
        return str(row.pk)
