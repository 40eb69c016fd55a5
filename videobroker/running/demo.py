"""The demo's people and rooms: made on the first run, found again on every later one.

What cannot be read back from the database (passwords, API keys, the identity providers' secrets) is kept in
`demo_secrets.json` in the data folder, readable by its owner only, so that a key noted down yesterday works today.
"""

import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jwt
import requests
from django.conf import settings
from django.db import transaction

from rooms import keeping
from rooms.models import Member, Role, Room
from videobroker.secret import Secret
from videobroker.tenants import api_keys
from videobroker.tenants.callers import Caller, CallerKind
from videobroker.tenants.models import Account, ApiKey, IdentityProvider, Tenant, User
from videobroker.tenants.scopes import SCOPES

SECRETS_FILE: Final = "demo_secrets.json"
OPERATOR: Final = "operator"
TOKEN_LIFE: Final = timedelta(days=1)
ROOM_NAME: Final = "demo"
Json = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """Somebody of the demo, and their role in their tenant's demo room."""

    identity: str
    name: str
    role: Role | None


CAST: Final = {
    "acme": [
        Person("ana", "Ana", Role.MODERATOR),
        Person("bo", "Bo", Role.PARTICIPANT),
        Person("cy", "Cy", None),
    ],
    "globex": [Person("gus", "Gus", Role.MODERATOR)],
}


class NotADemo(Exception):
    """There is no demo in this data folder, or nobody of that name in it."""


class Secrets:
    """The demo's secrets, made on first use and kept in one file."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / SECRETS_FILE
        self._kept: dict[str, str] = json.loads(self._path.read_text()) if self._path.exists() else {}

    def get(self, name: str) -> str | None:
        return self._kept.get(name)

    def get_or_make(self, name: str) -> str:
        return self.get(name) or self.keep(name, secrets.token_urlsafe(36))

    def keep(self, name: str, secret: str) -> str:
        self._kept[name] = secret
        write_private(self._path, self._kept)
        return secret


def write_private(path: Path, content: Json) -> None:
    """Write JSON so that it is there whole or not at all, for its owner's eyes only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.replace(path)


def prepare(data_dir: Path, *, url: str, simulator: Json | None, now: datetime) -> Json:
    """Make what is missing of the demo, and describe all of it: the content of demo.json.

    `simulator` is what the simulator announced when it started, or None where a real Telnyx account is used.
    """
    kept = Secrets(data_dir)
    with transaction.atomic():
        operator = _user(kept, OPERATOR, is_staff=True, is_superuser=True)
    return {
        "url": url,
        "simulator_url": simulator["url"] if simulator else None,
        "simulator_api_key": simulator["api_key"] if simulator else None,
        "operator": {"username": operator.username, "password": kept.get_or_make(f"password of {OPERATOR}")},
        "tenants": [_tenant(kept, slug, simulator, now) for slug in CAST],
    }


def person_token(data_dir: Path, identity: str, *, now: datetime) -> str:
    """A fresh login token of somebody of the demo. Raises `NotADemo`."""
    for slug, people in CAST.items():
        secret = Secrets(data_dir).get(f"provider secret of {slug}")
        if secret and (person := next((each for each in people if each.identity == identity), None)):
            return _login_token(slug, person, secret, now)
    known = ", ".join(person.identity for people in CAST.values() for person in people)
    raise NotADemo(
        f"no demo person {identity!r} in {data_dir}: `make run` makes the demo, and its people are {known}"
    )


def _tenant(kept: Secrets, slug: str, simulator: Json | None, now: datetime) -> Json:
    people = CAST[slug]
    secret = kept.get_or_make(f"provider secret of {slug}")
    account = _account(kept, slug, simulator)
    with transaction.atomic():
        tenant, _ = Tenant.objects.get_or_create(
            slug=slug,
            defaults={
                "name": slug.capitalize(),
                "account": account,
                "mints_per_minute": 60000,
                "requests_per_minute": 60000,
            },
        )
        provider = _provider(tenant, secret)
        key = _api_key(kept, tenant)
        room = _room(tenant, people, now)
        users = [_person(kept, tenant, person, secret, now) for person in people]
    return {
        "slug": slug,
        "api_key": key,
        "identity_provider": {
            "issuer": provider.issuer,
            "audience": provider.audience,
            "algorithm": provider.algorithm,
            "secret": secret,
        },
        "account_id": str(account.pk),
        "rooms": [_described(room)],
        "users": users,
    }


def _account(kept: Secrets, slug: str, simulator: Json | None) -> Account:
    """Each tenant its own account at the simulator; with a real key both are on the house's."""
    if simulator is None:
        return Account.house()
    key = kept.get(f"Telnyx key of {slug}") or kept.keep(
        f"Telnyx key of {slug}", f"KEY{secrets.token_hex(16)}"
    )
    account = Account.objects.filter(name=slug).first() or Account(name=slug)
    account.set_api_key(Secret(key))
    account.public_key = _register(simulator["url"], key)
    account.save()
    return account


def _register(simulator_url: str, key: str) -> str:
    """Make the account of that key known to the simulator, as often as need be; its public key."""
    with requests.Session() as session:
        session.trust_env = False
        state = session.get(f"{simulator_url}/_simulator/state", timeout=10).json()["data"]
        for account in state["accounts"]:
            if key in account.get("api_keys", [account.get("api_key")]):
                return str(account["public_key"])
        made = session.post(f"{simulator_url}/_simulator/accounts", json={"api_key": key}, timeout=10)
        made.raise_for_status()
        return str(made.json()["data"]["public_key"])


def _provider(tenant: Tenant, secret: str) -> IdentityProvider:
    issuer = _issuer(tenant.slug)
    provider = IdentityProvider.objects.filter(issuer=issuer, audience="videobroker").first()
    provider = provider or IdentityProvider(
        tenant=tenant, issuer=issuer, audience="videobroker", algorithm="HS256"
    )
    provider.secret = Secret(secret)
    provider.full_clean(validate_unique=False, validate_constraints=False)
    provider.save()
    return provider


def _issuer(slug: str) -> str:
    return f"https://login.{slug}.example"


def _api_key(kept: Secrets, tenant: Tenant) -> str:
    name = f"API key of {tenant.slug}"
    known = kept.get(name)
    if known and ApiKey.objects.filter(tenant=tenant, lookup=known[4:16], revoked_at=None).exists():
        return known
    _, made = api_keys.create(tenant, name="demo", scopes=list(SCOPES))
    return kept.keep(name, made.reveal())


def _room(tenant: Tenant, people: list[Person], now: datetime) -> Room:
    caller = Caller(kind=CallerKind.SYSTEM, subject="demo", tenant=tenant)
    room = Room.objects.of(tenant).living().filter(unique_name=ROOM_NAME).first()
    room = room or keeping.create_room(
        caller, {"unique_name": ROOM_NAME, "max_participants": 50, "enable_recording": True}, now=now
    )
    for person in people:
        if person.role and not Member.objects.filter(room=room, identity=person.identity).exists():
            keeping.add_member(
                caller, room, {"identity": person.identity, "role": person.role, "display_name": person.name}
            )
    return room


def _described(room: Room) -> Json:
    join_url = f"{public_url()}/join/{room.pk}"
    return {"id": str(room.pk), "unique_name": room.unique_name, "join_url": join_url}


def _person(kept: Secrets, tenant: Tenant, person: Person, secret: str, now: datetime) -> Json:
    is_staff = person.role == Role.MODERATOR
    user = _user(
        kept,
        person.identity,
        tenant=tenant,
        identity=person.identity,
        first_name=person.name,
        is_staff=is_staff,
    )
    return {
        "identity": person.identity,
        "role": person.role.value if person.role else None,
        "username": user.username,
        "password": kept.get_or_make(f"password of {user.username}"),
        "token": _login_token(tenant.slug, person, secret, now),
    }


def _user(kept: Secrets, username: str, **fields: Any) -> User:
    user, is_new = User.objects.get_or_create(username=username, defaults=fields)
    password = kept.get_or_make(f"password of {username}")
    if is_new or not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def _login_token(slug: str, person: Person, secret: str, now: datetime) -> str:
    claims = {
        "iss": _issuer(slug),
        "aud": "videobroker",
        "sub": person.identity,
        "name": person.name,
        "iat": int(now.timestamp()),
        "exp": int((now.astimezone(UTC) + TOKEN_LIFE).timestamp()),
    }
    return jwt.encode(claims, secret, "HS256")


def public_url() -> str:
    """Where the demo is found."""
    return str(settings.PUBLIC_URL or f"http://127.0.0.1:{settings.PORT}")
