"""`manage.py create_user`: somebody who signs in here."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from videobroker.tenants import auditing
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import Tenant, User
from videobroker.tenants.prompting import secret_from


class Command(BaseCommand):
    help = "Create a user: an operator, or with --tenant and --identity a person of a tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--password", metavar="FILE|-", default="-", help="file with the password (default: stdin)"
        )
        parser.add_argument("--tenant", help="the tenant's slug; without it the user is an operator")
        parser.add_argument("--identity", help="how the tenant names the person (default: the username)")
        parser.add_argument("--moderator", action="store_true", help="may use the admin")

    def handle(self, *args: Any, **options: Any) -> None:
        password = secret_from(options["password"], "password").reveal()
        user = _operator(options["username"]) if not options["tenant"] else _person(options)
        try:
            validate_password(password, user)
            user.set_password(password)
            user.full_clean()
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        with transaction.atomic():
            user.save()
            auditing.record(
                HOUSE, "user.created", tenant=user.tenant, subject_kind="user", subject=user.username
            )
        self.stdout.write(f"user {user.username} {user.pk}")


def _operator(username: str) -> User:
    return User(username=username, is_staff=True, is_superuser=True)


def _person(options: dict[str, Any]) -> User:
    tenant = Tenant.objects.filter(slug=options["tenant"]).first()
    if tenant is None:
        raise CommandError(f"there is no tenant {options['tenant']!r}: create it with create_tenant")
    identity = options["identity"] or options["username"]
    return User(username=options["username"], tenant=tenant, identity=identity, is_staff=options["moderator"])
