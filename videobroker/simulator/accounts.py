"""Telnyx accounts: an id, any number of API keys, and the Ed25519 key that signs its tokens and webhooks."""

import base64
import json
import secrets
import string
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from videobroker.simulator import errors
from videobroker.simulator.errors import Refusal
from videobroker.simulator.store import Row, Store

_KEY_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Account:
    """One account. `rate_limit` is `{"limit", "per_secs"}` or None for the setting that holds for all."""

    id: str
    signing_key: Ed25519PrivateKey
    rate_limit: dict[str, Any] | None

    @property
    def public_key(self) -> str:
        """Base64 of the 32 bytes that verify this account's webhooks, as Telnyx's portal shows it."""
        return base64.b64encode(self.signing_key.public_key().public_bytes_raw()).decode()

    @property
    def private_key(self) -> str:
        """Base64 of the 32 secret bytes; only a preloaded state takes them from one simulator to another."""
        return base64.b64encode(self.signing_key.private_bytes_raw()).decode()


@lru_cache(maxsize=1024)
def _signing_key(raw: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(raw)


def _account(row: Row) -> Account:
    limit = json.loads(row["rate_limit"]) if row["rate_limit"] else None
    return Account(row["id"], _signing_key(row["signing_key"]), limit)


def make_api_key() -> str:
    """A new key in the shape of Telnyx's: `KEY`, 32 hexadecimal digits, `_`, 22 letters and digits."""
    tail = "".join(secrets.choice(_KEY_ALPHABET) for _ in range(22))
    return f"KEY{secrets.token_hex(16).upper()}_{tail}"


def create(
    store: Store,
    account_id: str | None = None,
    api_key: str | None = None,
    signing_key: Ed25519PrivateKey | None = None,
    pointer: str = "/api_key",
) -> Account:
    """Make an account with one API key; what is not given is made up. The caller holds a transaction.

    Refused, with the pointer, when the key belongs to another account.
    """
    raw = (signing_key or Ed25519PrivateKey.generate()).private_bytes_raw()
    row: Row = {"id": account_id or str(uuid.uuid4()), "signing_key": raw, "rate_limit": None}
    store.insert("accounts", row)
    add_key(store, row["id"], api_key or make_api_key(), pointer)
    return _account(row)


def add_key(store: Store, account_id: str, key: str, pointer: str = "/api_key") -> None:
    """Let one more key speak for the account; a revoked one of the same account does so again.

    Refused, with the pointer, for a key of another account.
    """
    held = store.row("SELECT account_id FROM api_keys WHERE key = ?", key)
    if held and held["account_id"] != account_id:
        raise Refusal(422, errors.DUPLICATE, "This key belongs to another account.", pointer=pointer)
    if held:
        store.execute("UPDATE api_keys SET revoked_at = NULL WHERE key = ?", key)
    else:
        store.insert("api_keys", {"key": key, "account_id": account_id})


def first(store: Store) -> Account | None:
    """The account made first, which stands for "the" account where none is named."""
    row = store.row("SELECT * FROM accounts ORDER BY seq LIMIT 1")
    return _account(row) if row else None


def every(store: Store) -> list[Account]:
    """All accounts in the order they were made."""
    return [_account(row) for row in store.rows("SELECT * FROM accounts ORDER BY seq")]


def get(store: Store, account_id: str) -> Account | None:
    """The account with this id, or None."""
    row = store.row("SELECT * FROM accounts WHERE id = ?", account_id)
    return _account(row) if row else None


def keys_of(store: Store, account_id: str) -> list[str]:
    """The account's keys that are not revoked, oldest first."""
    sql = "SELECT key FROM api_keys WHERE account_id = ? AND revoked_at IS NULL ORDER BY seq"
    return [row["key"] for row in store.rows(sql, account_id)]


def holder(store: Store, authorization: str) -> Account | None:
    """Whose key an `Authorization` header carries, revoked or not; None when nobody's."""
    row = _key_row(store, authorization)
    return get(store, row["account_id"]) if row else None


def authenticate(store: Store, authorization: str) -> Account:
    """The account an `Authorization: Bearer …` header speaks for; 401 when it speaks for none."""
    row = _key_row(store, authorization)
    if row is None:
        raise Refusal(401, errors.AUTHENTICATION_FAILED, "A valid API key is required.")
    if row["revoked_at"] is not None:
        raise Refusal(401, errors.KEY_REVOKED, "This API key has been revoked.")
    account = get(store, row["account_id"])
    if account is None:
        raise Refusal(401, errors.AUTHENTICATION_FAILED, "A valid API key is required.")
    return account


def _key_row(store: Store, authorization: str) -> Row | None:
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    return store.row("SELECT * FROM api_keys WHERE key = ?", key.strip())
