"""The JWTs with which a tenant's people log in."""

from videobroker.tenants.login_tokens.refusals import LoginRefused
from videobroker.tenants.login_tokens.verifying import (
    Algorithm,
    Login,
    TrustedIssuer,
    UnverifiedAddress,
    peek,
    verify,
)

__all__ = ["Algorithm", "Login", "LoginRefused", "TrustedIssuer", "UnverifiedAddress", "peek", "verify"]
