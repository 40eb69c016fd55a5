"""The fixed cast: acme with ana (moderates), bo (takes part) and cy (belongs to nobody's room); globex with gus."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from django.conf import settings

from tests.asking import Asker, Json
from tests.scenes import remembered
from tests.simulated import Simulator
from videobroker.secret import Secret
from videobroker.tenants import api_keys
from videobroker.tenants.models import Account, IdentityProvider, Tenant
from videobroker.tenants.scopes import SCOPES


@dataclass
class Company:
    """A tenant of the cast, with its account at the simulator, its identity provider and its back end."""

    row: Tenant
    telnyx_key: str
    provider_secret: str
    back_end: Asker
    api_key: str = field(repr=False)

    def person(self, identity: str, **claims: Any) -> Asker:
        """Somebody signed in with this company's identity provider."""
        return Asker(self.login_token(identity, **claims))

    def login_token(self, identity: str, **claims: Any) -> str:
        now = datetime.now(UTC)
        standard = {
            "iss": f"https://login.{self.row.slug}.example",
            "aud": "videobroker",
            "sub": identity,
            "name": identity.capitalize(),
            "iat": now,
            "exp": now + timedelta(hours=1),
        }
        return jwt.encode({**standard, **claims}, self.provider_secret, "HS256")

    def change(self, **values: Any) -> None:
        """Change the tenant's row."""
        Tenant.objects.filter(pk=self.row.pk).update(**values)
        self.row.refresh_from_db()

    def key_with(self, *scopes: str, expires_at: datetime | None = None) -> Asker:
        """Another back end, whose key has these scopes only."""
        _, key = api_keys.create(self.row, name="narrow", scopes=list(scopes), expires_at=expires_at)
        return Asker(key.reveal())

    def at(self, url: str) -> "Company":
        """The same company, asking over a real socket."""
        return replace(self, back_end=replace(self.back_end, url=url))

    def new_room(self, members: dict[str, str] | None = None, **fields: Any) -> Json:
        """A room of this company with members by role, made through the API."""
        room = self.back_end.post("/v2/rooms", fields).data
        for identity, role in (members or {}).items():
            added = self.back_end.post(
                f"/v2/rooms/{room['id']}/members", {"identity": identity, "role": role}
            )
            assert added.status == 201, added
        return room


@pytest.fixture
def telnyx_is_simulated(simulator: Simulator, settings: Any) -> Simulator:
    """The broker under test speaks to this test's simulator."""
    settings.TELNYX_API_BASE = simulator.api_base
    return simulator


def make_company(slug: str, simulator: Simulator) -> Company:
    """A tenant with its own account at the simulator."""
    made = simulator.new_account()
    account = Account(name=slug, public_key=made["public_key"])
    account.set_api_key(Secret(made["api_key"]))
    account.save()
    tenant = Tenant.objects.create(
        slug=slug,
        name=slug.capitalize(),
        account=account,
        mints_per_minute=100_000,
        requests_per_minute=1_000_000,
    )
    secret = secrets.token_urlsafe(36)
    provider = IdentityProvider(
        tenant=tenant, issuer=f"https://login.{slug}.example", audience="videobroker", algorithm="HS256"
    )
    provider.secret = Secret(secret)
    provider.save()
    _, key = api_keys.create(tenant, name="back end", scopes=list(SCOPES))
    return Company(tenant, made["api_key"], secret, Asker(key.reveal()), key.reveal())


@pytest.fixture
@remembered
def acme(db: None, telnyx_is_simulated: Simulator) -> Company:
    return make_company("acme", telnyx_is_simulated)


@pytest.fixture
@remembered
def globex(db: None, telnyx_is_simulated: Simulator) -> Company:
    return make_company("globex", telnyx_is_simulated)


@pytest.fixture
@remembered
def demo_room(acme: Company, simulator: Simulator) -> Json:
    """Acme's room: ana moderates, bo takes part."""
    assert settings.TELNYX_API_BASE.startswith("http://127.0.0.1:")
    return acme.new_room({"ana": "moderator", "bo": "participant"}, unique_name="demo")
