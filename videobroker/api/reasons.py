"""Every `meta.reason` that the API may refuse with, under its status, and what it means, in one line.

This is what the OpenAPI document is made from; docs/reasons.md tells people more, and a test compares the two. The
views say which of them an operation may give (`refusals`).
"""

from collections.abc import Iterable
from typing import Final

MEANINGS: Final[dict[int, dict[str, str]]] = {
    400: {
        "invalid_json": "the body is not JSON, has a key twice, or a number that is too large",
        "not_an_object": "the body is JSON, but not an object",
        "too_deep": "the body is nested deeper than 32 levels",
        "invalid_cursor": "page[after] is not what stood in meta.cursors.after of this list",
        "unknown_parameter": "a query parameter that is not known here",
        "body_not_taken": "a DELETE with a body: what it is about is in its path and its parameters",
        "doubled_parameter": "a query parameter stands twice",
        "empty_parameter": "a query parameter has no value",
        "invalid_filter": "a filter's value cannot be read",
        "invalid": "a query parameter's value does not do",
        "out_of_range": "a page or its size is out of range",
        "bad_text": "a query parameter holds a NUL",
        "idempotency_key": "the Idempotency-Key is not 1 to 255 printable ASCII characters",
        "host": "the Host header names nothing that is served here",
        "bad_request": "anything else that cannot be read",
    },
    401: {
        "not_authenticated": "no credential at all, or not Authorization: Bearer …",
        "invalid_key": "not a whole API key, or none of ours",
        "key_revoked": "an API key that was revoked",
        "key_expired": "an API key whose time is over",
        "user_deactivated": "this person's user was deactivated here",
        "malformed": "neither a signed JWT nor an API key of ours, such as nothing at all, or a key of Telnyx's",
        "too_large": "a JWT that is too large",
        "unknown_issuer": "no identity provider is registered for this iss and aud",
        "wrong_audience": "a JWT for somebody else",
        "wrong_algorithm": "another algorithm than the registered one",
        "wrong_type": "a typ that is no login's",
        "forbidden_header": "a header that would choose what is trusted",
        "bad_signature": "not signed by a key of the registered provider",
        "unknown_key": "the provider has no such key",
        "keys_unavailable": "the provider's JWKS address does not answer",
        "provider_misconfigured": "the registration lacks usable keys",
        "missing_claim": "a claim is missing; detail names it",
        "bad_claim": "a claim cannot be read; detail names it",
        "expired": "the JWT is over",
        "not_yet_valid": "the JWT does not hold yet",
        "too_long_lived": "the JWT would hold for too long",
    },
    403: {
        "tenant_suspended": "the tenant is suspended: it can read, and do nothing else",
        "closed": "the room's closes_at is over",
        "not_a_member": "the room is for members, and this person is none",
        "user_deactivated": "this person's user was deactivated here",
        "banned": "banned from this room or from all; retry_at if the ban ends by itself",
        "not_open_yet": "before the room's opens_at, which is retry_at",
        "locked": "nobody new may enter; who is in stays in",
        "room_full": "all seats are taken; retry_at is when one falls free at the latest",
        "invalid_refresh_token": "no refresh token, of another room, or of somebody else: mint",
        "grant_revoked": "the grant was revoked: mint, which decides anew",
        "grant_expired": "the grant is over: mint",
        "token_reused": "the refresh token had been replaced long ago, so the grant was revoked: mint",
        "not_a_moderator": "only the room's moderators, and API keys with the scope, may",
        "not_yourself": "a person asked about somebody else",
        "back_end_only": "this takes an API key, or changes a field that only an API key may change",
        "people_only": "this takes a person, not an API key",
        "missing_scope": "the API key lacks the scope that detail names",
        "too_many_rooms": "the tenant has as many rooms as it may",
        "no_identity": "signed in here as somebody without tenant and identity, such as an operator",
        "csrf_failed": "a session cookie without Django's CSRF token",
    },
    404: {
        "not_found": "nothing here under this id, or nothing of yours",
        "gone_upstream": "Telnyx has the file no more, though nobody here deleted it",
    },
    405: {"method_not_allowed": "the path is right, the method is not"},
    409: {
        "still_running": "the first request with this Idempotency-Key is still worked on",
        "refresh_superseded": "the grant was refreshed more than once meanwhile: go on with the newest token",
        "not_complete": "there is no file yet: wait until completed_at is there",
        "no_webhook_event_url": "there is nowhere to send a test to: give the room a webhook_event_url",
        "held": "a legal hold keeps it from being deleted; detail names who answers for the hold",
        "nothing_recorded": "nothing that was recorded in this session is kept",
        "deletion_begun": "its deletion has begun and cannot be stopped any more",
    },
    411: {"length_required": "the body came in chunks, without a Content-Length"},
    413: {"too_large": "the body has more than 256 KB"},
    415: {"unsupported_media_type": "the body is not application/json"},
    422: {
        "required": "a field is missing",
        "null": "a field may not be null",
        "blank": "a field may not be empty",
        "invalid": "a value does not do; detail says why",
        "invalid_choice": "a value is none of those that are allowed",
        "out_of_range": "a value is too small, too large, too short or too long",
        "bad_text": "a text holds a NUL or a lone surrogate",
        "unknown_field": "a field that is not known here",
        "duplicate": "a name or an identity that is taken",
        "no_filter": "a bulk delete without a filter, or with filter[all]=false",
        "idempotency_key_reused": "the Idempotency-Key was used for another request",
    },
    429: {"too_many_requests": "over a limit; the RateLimit header says which"},
    500: {"internal_error": "a fault of ours; tell us the request_id"},
    503: {
        "upstream_unavailable": "Telnyx does not answer, or the room could not be made there yet",
        "upstream_rate_limited": "Telnyx asks this account to slow down",
        "upstream_credentials": "Telnyx does not accept the account's key: somebody has to act",
        "upstream_refused": "Telnyx refused, for a reason that is in the log",
        "upstream_mismatch": "Telnyx has a file of another session under this id, which was not handed out",
        "upstream_untrusted_link": "Telnyx gave a download link to a host that DOWNLOAD_HOSTS does not name",
        "upstream_room_changed": "the room was made anew at Telnyx while Telnyx answered",
        "database_unavailable": "our own database does not answer",
    },
}
# What a refusal with this status is about, and what helps.
STATUSES: Final[dict[int, str]] = {
    400: "The request cannot be read.",
    401: "No credential, or one that does not hold.",
    403: "Understood, and refused.",
    404: "Nothing here that is yours to see.",
    409: "Right in itself, but not with what is going on now.",
    411: "The body's length is not told.",
    413: "The body is too large.",
    415: "The body has to be JSON.",
    422: "A value does not do; source.pointer says which.",
    429: "Too many requests; Retry-After says how long to wait.",
    500: "Something broke on our side.",
    503: "Not now; nothing was done. Retry-After says when to ask again.",
}
# Telnyx's code of a status, and of the reasons that have one of their own.
CODES: Final[dict[int, str]] = {
    400: "10015", 401: "10009", 403: "10010", 404: "10005", 405: "10019", 409: "10021", 411: "10015", 413: "10018",
    415: "10020", 422: "10027", 429: "10011", 500: "10000", 503: "10016",
}  # fmt: skip
CODES_OF_REASONS: Final[dict[tuple[int, str], str]] = {
    (400, "invalid_json"): "10023",
    (400, "too_deep"): "10023",
    (400, "invalid_filter"): "10031",
    (400, "out_of_range"): "10033",
    (401, "key_revoked"): "20002",
    (422, "out_of_range"): "10033",
    (422, "duplicate"): "10012",
}
# Waiting helps with these, so `retry_at` says until when; with some only if anybody knows.
WAITING_HELPS: Final = frozenset(
    {"banned", "not_open_yet", "room_full", "still_running", "too_many_requests"}
)


def status_of(reason: str) -> int:
    """The status that a view's own refusal comes with: of those that have the reason, one that is not about reading
    the request. Raises `KeyError` for a reason that is not written down here."""
    for status in (403, 404, 409, 422, 503):
        if reason in MEANINGS[status]:
            return status
    raise KeyError(f"the reason {reason!r} is not in videobroker/api/reasons.py")


def code_of(status: int, reason: str) -> str:
    """Telnyx's code for it."""
    return CODES_OF_REASONS.get((status, reason), CODES[status])


def has_retry_at(status: int, reason: str) -> bool:
    """Whether the answer may say when to ask again."""
    return status == 503 or reason in WAITING_HELPS


def told(reasons: Iterable[str], status: int) -> str:
    """The status, and each of the reasons with its meaning, as Markdown."""
    listed = "\n".join(f"- `{reason}`: {MEANINGS[status][reason]}" for reason in reasons)
    return f"{STATUSES[status]} `meta.reason` is one of:\n\n{listed}"
