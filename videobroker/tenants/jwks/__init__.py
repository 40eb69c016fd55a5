"""The public keys of the tenants' identity providers."""

from videobroker.tenants.jwks.cache import JwksCache, fetch_document
from videobroker.tenants.jwks.errors import JwksError, KeySetRefused, KeysUnavailable, UnknownKey
from videobroker.tenants.jwks.key_sets import KeySet, PublicKey

__all__ = [
    "JwksCache",
    "JwksError",
    "KeySet",
    "KeySetRefused",
    "KeysUnavailable",
    "PublicKey",
    "UnknownKey",
    "fetch_document",
]
