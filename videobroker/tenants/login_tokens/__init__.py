"""The JWTs with which a tenant's people log in."""

from videobroker.tenants.login_tokens.refusals import LoginRefused
from videobroker.tenants.login_tokens.verifying import Login, TrustedIssuer, UnverifiedAddress, peek, verify

__all__ = ["Login", "LoginRefused", "TrustedIssuer", "UnverifiedAddress", "peek", "verify"]
