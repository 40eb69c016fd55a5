"""Why no key can be had."""


class JwksError(Exception):
    """No key can be had. The message says which address or key, and what to do."""


class KeySetRefused(JwksError):
    """The document is not a JWK set that we would trust."""


class KeysUnavailable(JwksError):
    """The provider's keys cannot be fetched now, and none are kept that are young enough."""


class UnknownKey(JwksError):
    """The provider has no such key for this algorithm."""
