"""Wrong passwords: one account from one address has to rest, and nobody else."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from videobroker.tenants.models import User

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def operators(db: None) -> None:
    for name in ("olga", "otto"):
        User.objects.create_superuser(name, password=PASSWORD)


def sign_in(name: str, password: str = PASSWORD, **extra: str) -> int:
    """302 is in, 200 is the form again, 429 is locked out."""
    return Client(**extra).post("/admin/login/", {"username": name, "password": password}).status_code


def lock_out(name: str, **extra: str) -> None:
    for number in range(10):
        sign_in(name, f"wrong {number}", **extra)


def test_nine_wrong_passwords_do_not_lock_anybody_out() -> None:
    assert [sign_in("olga", f"wrong {number}") for number in range(9)] == [200] * 9
    assert sign_in("olga") == 302


def test_after_ten_the_right_one_is_refused() -> None:
    lock_out("olga")
    assert sign_in("olga") == 429


def test_others_and_other_addresses_are_not_locked_out() -> None:
    lock_out("olga")
    assert sign_in("otto") == 302
    assert sign_in("olga", REMOTE_ADDR="192.0.2.7") == 302


def test_a_made_up_address_does_not_help() -> None:
    for number in range(10):
        sign_in("olga", f"wrong {number}", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert sign_in("olga", HTTP_X_FORWARDED_FOR="192.0.2.99") == 429


def test_after_a_quarter_of_an_hour_it_is_over() -> None:
    lock_out("olga")
    with time_machine.travel(timezone.now() + timedelta(minutes=14), tick=False):
        assert sign_in("olga") == 429
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        assert sign_in("olga") == 302


def test_a_right_password_forgets_the_wrong_ones() -> None:
    for _ in range(3):
        assert [sign_in("olga", f"wrong {number}") for number in range(6)] == [200] * 6
        assert sign_in("olga") == 302
