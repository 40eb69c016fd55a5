"""What somebody is told who gave too many wrong passwords, in the console or at a room's door: that it is over for now,
and for how long."""

from typing import Any

from axes.helpers import get_cool_off
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from videobroker.admin.site import console


def locked_out(request: HttpRequest, answer: HttpResponse | None, credentials: Any) -> HttpResponse:
    """The page in place of the login form, with the way back to it; 429, with the wait in `Retry-After`. Each further
    try begins it anew."""
    wait = get_cool_off(request)
    context = {
        **console.each_context(request),
        "title": "Too many wrong passwords",
        "minutes": round(wait.total_seconds() / 60),
        "until": timezone.now() + wait,
    }
    refusal = render(request, "console/locked_out.html", context, status=429)
    refusal.headers["Retry-After"] = str(round(wait.total_seconds()))
    return refusal
