"""The rows of `tenants`."""

from videobroker.tenants.models.account import Account
from videobroker.tenants.models.api_key import ApiKey
from videobroker.tenants.models.audit_entry import AuditEntry
from videobroker.tenants.models.identity_provider import IdentityProvider
from videobroker.tenants.models.pseudonym_key import PseudonymKey
from videobroker.tenants.models.signing_key import SigningKey
from videobroker.tenants.models.tenant import IdentityMode, RefreshStrategy, Tenant, TenantStatus
from videobroker.tenants.models.user import User

__all__ = [
    "Account",
    "ApiKey",
    "AuditEntry",
    "IdentityMode",
    "IdentityProvider",
    "PseudonymKey",
    "RefreshStrategy",
    "SigningKey",
    "Tenant",
    "TenantStatus",
    "User",
]
