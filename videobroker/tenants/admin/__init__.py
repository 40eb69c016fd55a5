"""The pages that only operators have: tenants, accounts, identity providers, API keys, users, keys."""

from videobroker.tenants.admin import accounts, api_keys, identity_providers, signing_keys, tenants, users

__all__ = ["accounts", "api_keys", "identity_providers", "signing_keys", "tenants", "users"]
