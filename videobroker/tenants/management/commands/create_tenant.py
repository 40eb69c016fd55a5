"""`manage.py create_tenant`: a tenant, with its identity provider if one is given."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from videobroker.secret import Secret
from videobroker.tenants import auditing
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import Account, IdentityProvider, Tenant
from videobroker.tenants.prompting import secret_from


class Command(BaseCommand):
    help = "Create a tenant, on the house's Telnyx account or on its own, and register its identity provider."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="short name in lower case, such as acme")
        parser.add_argument("--name", help="name to show (default: the slug)")
        parser.add_argument("--origin", action="append", default=[], help="browser origin, may be repeated")
        parser.add_argument(
            "--recording-retention-days",
            type=int,
            metavar="DAYS",
            default=30,
            help="how long recordings are kept where their room says nothing (default: 30)",
        )
        parser.add_argument(
            "--telnyx-key",
            metavar="FILE|-",
            help="the tenant's own Telnyx API key, from a file or standard input",
        )
        parser.add_argument("--telnyx-public-key", default="", help="Telnyx's public key of that account")
        parser.add_argument("--issuer", help="`iss` of the identity provider's tokens")
        parser.add_argument("--audience", help="`aud` of its tokens for us")
        parser.add_argument("--algorithm", choices=["RS256", "ES256", "EdDSA", "HS256"])
        parser.add_argument("--jwks-url", default="", help="https address of its keys")
        parser.add_argument("--jwks-file", help="or a file with its JWK set")
        parser.add_argument("--secret", metavar="FILE|-", help="or, for HS256, the shared secret")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                tenant = self._create(options)
        except ValidationError as error:
            told = (f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items())
            raise CommandError("; ".join(told)) from error
        self.stdout.write(f"tenant {tenant.slug} {tenant.pk}")
        self.stdout.write(f"Telnyx account {tenant.account.pk}")

    def _create(self, options: dict[str, Any]) -> Tenant:
        slug = options["slug"]
        tenant = Tenant(
            slug=slug,
            name=options["name"] or slug,
            account=_account(options),
            allowed_origins=options["origin"],
            recording_retention_days=options["recording_retention_days"],
        )
        tenant.full_clean()
        tenant.save()
        if options["issuer"]:
            provider = _provider(tenant, options)
            provider.full_clean()
            provider.save()
        auditing.record(HOUSE, "tenant.created", tenant=tenant, subject_kind="tenant", subject=tenant.pk)
        return tenant


def _account(options: dict[str, Any]) -> Account:
    if not options["telnyx_key"]:
        return Account.house()
    account = Account(name=options["slug"], public_key=options["telnyx_public_key"])
    account.set_api_key(secret_from(options["telnyx_key"], "Telnyx API key"))
    account.full_clean()
    account.save()
    return account


def _provider(tenant: Tenant, options: dict[str, Any]) -> IdentityProvider:
    if not (options["audience"] and options["algorithm"]):
        raise CommandError("an identity provider needs --issuer, --audience and --algorithm")
    provider = IdentityProvider(
        tenant=tenant,
        issuer=options["issuer"],
        audience=options["audience"],
        algorithm=options["algorithm"],
        jwks_url=options["jwks_url"],
        keys=_key_set(options["jwks_file"]) if options["jwks_file"] else None,
    )
    if options["secret"]:
        secret: Secret = secret_from(options["secret"], "shared secret")
        provider.secret = secret
    return provider


def _key_set(path: str) -> Any:
    try:
        return json.loads(Path(path).read_text())
    except OSError as error:
        raise CommandError(f"the JWK set cannot be read from {path}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{path} is not JSON: give a file with a JWK set") from error
