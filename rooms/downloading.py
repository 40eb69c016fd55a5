"""The way to the file of a recording or composition: whoever has Telnyx's link has the file, for an hour. So it is
asked for when somebody who may have the file wants it, handed to them, and is nowhere afterwards.

`path_of` is what answers and webhooks show instead of it; `link_to` is what stands behind that path.
"""

import re
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.response import Response

from rooms import doubling, excusing, reaching, vanishing
from rooms.models import Composition, Footage, Recording
from videobroker import telnyx
from videobroker.api.problems import Fault, Problem, conflict
from videobroker.outbound import AddressPolicy, AddressRefused, Target, shown
from videobroker.secret import Secret
from videobroker.telnyx import errors
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller
from videobroker.tenants.lines import line_of

log = structlog.get_logger(__name__)

AnyFootage = Recording | Composition
AnyModel = type[Recording] | type[Composition]

COLLECTIONS: Final[dict[AnyModel, str]] = {Recording: "room_recordings", Composition: "room_compositions"}
# What `answer` refuses with, for the OpenAPI document.
REFUSES: Final = (
    "not_found", "gone_upstream", "not_complete", "upstream_unavailable", "upstream_rate_limited",
    "upstream_credentials", "upstream_refused", "upstream_mismatch", "upstream_untrusted_link",
)  # fmt: skip
# Without HEAD: whoever has the Location has the file, so an answer with it is a download, and without it a way to
# nowhere.
METHODS: Final = ["get"]
# Links signed for a storage are long; what is longer than this no browser would follow either.
MOST_LINK_CHARS: Final = 8192
LINK_CHARS: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


def has_file(footage: AnyFootage) -> bool:
    """Whether there is something to download: not before it is complete, nor once it is being deleted."""
    is_kept = footage.state == Footage.State.KEPT
    return is_kept and footage.completed_at is not None and footage.telnyx_id is not None


def path_of(footage: AnyFootage, request: HttpRequest | None = None) -> str | None:
    """Where it can be downloaded here, None without a file: a whole URL if it is known how we are called."""
    if not has_file(footage):
        return None
    path = f"/v2/{COLLECTIONS[type(footage)]}/{footage.pk}/download"
    if settings.PUBLIC_URL:
        return f"{settings.PUBLIC_URL}{path}"
    return request.build_absolute_uri(path) if request is not None else path


def answer(caller: Caller, model: AnyModel, footage_id: UUID) -> Response:
    """302 to the file. Nothing on the way may keep the answer, nor tell the next page where it was.

    Raises `Problem`: 404 for what is not there for this caller, 409 for what is not complete, 503 while Telnyx cannot
    be had. To be called outside of any transaction.
    """
    return hand_over(caller, reaching.reach(caller, model, footage_id, "downloaded"))


def hand_over(caller: Caller, footage: AnyFootage) -> Response:
    """The same where it is known already that the caller may have this one."""
    if footage.completed_at is None or footage.telnyx_id is None:
        raise _not_complete(footage)
    link = _fresh_link(footage)
    auditing.record(
        caller, f"{footage.kind}.downloaded", tenant=footage.room.tenant, room_id=footage.room_id,
        subject_kind=footage.kind, subject=footage.pk,
    )  # fmt: skip
    headers = {
        "Location": link.reveal(),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return Response(status=302, headers=headers)


def _not_complete(footage: AnyFootage) -> Problem:
    failed_because = getattr(footage, "failed_because", "")
    if failed_because:
        told = f"there is no file, and there will be none: {failed_because}. Delete it, and order another"
    else:
        told = "there is no file yet: wait until it is completed"
    return conflict("not_complete", told)


def _fresh_link(footage: AnyFootage) -> Secret:
    account = footage.room.account
    try:
        found = _view(line_of(account), footage)
    except errors.TelnyxError as error:
        raise excusing.as_problem(error, account) from error
    if found is None:
        vanishing.note(footage)
        told = "Telnyx has the file no more; what was kept of it here is its receipt"
        raise Problem(404, [Fault("10005", told, "gone_upstream")])
    account.note_credentials(refused=False, now=timezone.now())
    if found.session_id not in (None, str(footage.session.telnyx_id)):
        log.error("footage_not_as_expected", footage=str(footage.pk), because="it is of another session")
        raise excusing.not_handed_out("upstream_mismatch")
    if found.download_url is None:
        raise _not_complete(footage)
    return _trusted(found.download_url, footage)


def _view(line: telnyx.Telnyx, footage: AnyFootage) -> telnyx.Recording | telnyx.Composition | None:
    """What Telnyx has of it; None if that is nothing, of a composition no second copy either."""
    try:
        if isinstance(footage, Recording):
            return line.view_recording(str(footage.telnyx_id))
        return line.view_composition(str(footage.telnyx_id))
    except errors.NotFound:
        return None if isinstance(footage, Recording) else doubling.find_again(line, footage)


def _trusted(link: Secret, footage: AnyFootage) -> Secret:
    """The link, if it leads where Telnyx keeps files. Whoever could put another into Telnyx's answers would have our
    good name send people anywhere."""
    why_not = objection(link.reveal())
    if why_not is None:
        return link
    log.error(
        "download_link_refused", footage=str(footage.pk), because=why_not, host=_host_shown(link.reveal())
    )
    raise excusing.not_handed_out("upstream_untrusted_link")


def objection(link: str) -> str | None:
    """What speaks against sending somebody there, None if nothing does: it has to be https to a public host that
    `DOWNLOAD_HOSTS` allows. Where Telnyx itself is spoken to (the simulator, in its stead, on http and loopback) its
    own address will do."""
    if len(link) > MOST_LINK_CHARS or not LINK_CHARS.fullmatch(link):
        return "it is too long, or no plain URL"
    bare = re.split(r"[?#]", link, maxsplit=1)[0]
    base = urlsplit(settings.TELNYX_API_BASE)
    if bare.startswith(f"{base.scheme}://{base.netloc}/"):
        return None
    try:
        target = Target.parse(bare, AddressPolicy())
    except AddressRefused as refusal:
        return f"{refusal.reason}: {refusal.why}"
    if target.literal is not None:
        return "it leads to a bare address"
    return None if _is_allowed(target.host) else "its host is not among DOWNLOAD_HOSTS"


def _is_allowed(host: str) -> bool:
    allowed: list[str] = settings.DOWNLOAD_HOSTS
    return any(each == "*" or host == each or host.endswith(f".{each}") for each in allowed)


def _host_shown(link: str) -> str:
    """As much of the link as may stand in a log: where it leads, and nothing of what opens the file."""
    return "/".join(shown(link).split("/", 3)[:3])
