"""Merging the accounts of a state that is put: their keys, their limits."""

import base64
import binascii
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from videobroker.simulator import accounts, settings
from videobroker.simulator.accounts import Account
from videobroker.simulator.fields import Fields
from videobroker.simulator.simulation import Change

_NAMES = ("id", "api_key", "api_keys", "private_key", "public_key", "rate_limit")


def put_account(change: Change, fields: Fields) -> None:
    """Make or change an account. Keys are added, never taken away; a public key must fit the private one."""
    fields.only(_NAMES)
    signing_key = _signing_key(fields)
    keys = _api_keys(fields)
    account_id = fields.identifier("id") if fields.values.get("id") is not None else None
    known = accounts.get(change.store, account_id) if account_id else None
    account = known or _create(change, fields, account_id, keys)
    for key in keys:
        accounts.add_key(change.store, account.id, key, f"{fields.at}/api_key")
    if known and signing_key:
        sql = "UPDATE accounts SET signing_key = ? WHERE id = ?"
        change.store.execute(sql, signing_key.private_bytes_raw(), account.id)
    _put_rate_limit(change, fields, account)
    _check_public_key(change, fields, account)


def _create(change: Change, fields: Fields, account_id: str | None, keys: list[str]) -> Account:
    key = keys[0] if keys else None
    return accounts.create(change.store, account_id, key, _signing_key(fields), f"{fields.at}/api_key")


def _api_keys(fields: Fields) -> list[str]:
    """The keys under `api_key` and `api_keys`, each once."""
    keys = [fields.text("api_key")] if fields.values.get("api_key") is not None else []
    if fields.values.get("api_keys") is not None:
        listed = Fields(dict(settings.enumerate_names(fields.listed("api_keys"))), f"{fields.at}/api_keys")
        keys += [listed.text(place) for place in listed.values]
    return list(dict.fromkeys(keys))


def _put_rate_limit(change: Change, fields: Fields, account: Account) -> None:
    if "rate_limit" in fields:
        limit = settings.rate_limit(fields, "rate_limit")
        kept = json.dumps(limit) if limit else None
        change.store.execute("UPDATE accounts SET rate_limit = ? WHERE id = ?", kept, account.id)


def _signing_key(fields: Fields) -> Ed25519PrivateKey | None:
    if fields.values.get("private_key") is None:
        return None
    try:
        raw = base64.b64decode(fields.text("private_key"), validate=True)
        return Ed25519PrivateKey.from_private_bytes(raw)
    except (binascii.Error, ValueError) as error:
        raise fields.wrong("private_key", "must be base64 of the 32 bytes of an Ed25519 key.") from error


def _check_public_key(change: Change, fields: Fields, account: Account) -> None:
    stored = accounts.get(change.store, account.id)
    told = fields.values.get("public_key")
    if told is not None and stored is not None and told != stored.public_key:
        raise fields.wrong("public_key", "does not belong to the private key; give both or neither.")
