"""Why a login token does not log anybody in."""

from typing import Literal

Reason = Literal[
    "malformed",
    "too_large",
    "unknown_issuer",
    "forbidden_header",
    "wrong_type",
    "wrong_algorithm",
    "unknown_key",
    "keys_unavailable",
    "provider_misconfigured",
    "bad_signature",
    "wrong_audience",
    "missing_claim",
    "bad_claim",
    "expired",
    "not_yet_valid",
    "too_long_lived",
]


class LoginRefused(Exception):
    """This token does not log anybody in. `reason` is for programs; the message never repeats the token."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason
