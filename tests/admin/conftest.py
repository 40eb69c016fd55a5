"""The console as the cast sees it: ana is acme's staff and moderates the demo room, olga is an operator."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from rooms.models import Room
from tests.admin.meetings import Meeting
from tests.asking import Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.scenes import remembered
from tests.simulated import Simulator
from videobroker.tenants.models import Tenant, User


def sign_in(user: User) -> Client:
    """A browser in which the user is signed in."""
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return browser


def new_user(username: str, tenant: Tenant | None = None, **fields: Any) -> User:
    """A user; with a tenant, of the identity of that name."""
    user = User(username=username, tenant=tenant, identity=username if tenant else "", **fields)
    user.set_password("correct horse battery")
    user.save()
    return user


@pytest.fixture
def ana(acme: Company, demo_room: Json) -> Client:
    return sign_in(new_user("ana", acme.row, is_staff=True))


@pytest.fixture
def sign_in_as() -> Callable[[str, Company], Client]:
    """Somebody else of a company's staff, in a browser of their own."""
    return lambda name, company: sign_in(new_user(name, company.row, is_staff=True))


@pytest.fixture
def olga(db: None) -> Client:
    return sign_in(new_user("olga", is_staff=True, is_superuser=True))


@pytest.fixture
def demo(demo_room: Json) -> Room:
    """The row of acme's demo room."""
    return Room.objects.select_related("tenant").get(pk=demo_room["id"])


@pytest.fixture
@remembered
def gathering(acme: Company, simulator: Simulator, demo_room: Any) -> Gathering:
    return Gathering.of(acme, simulator, demo_room)


@pytest.fixture
def meeting(gathering: Gathering) -> Meeting:
    return Meeting(gathering)
