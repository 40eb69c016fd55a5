"""`manage.py demo`: two tenants with people and a room each, and how to try them."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from videobroker.running import demo
from videobroker.running.management.commands.run import DEMO_FILE, SIMULATOR_FILE


class Command(BaseCommand):
    help = "Make the demo (or find it again), write DATA_DIR/demo.json, and print how to try it."

    def handle(self, *args: Any, **options: Any) -> None:
        announced = settings.DATA_DIR / SIMULATOR_FILE
        simulator = json.loads(announced.read_text()) if announced.exists() else None
        now = timezone.now()
        made = demo.prepare(settings.DATA_DIR, url=demo.public_url(), simulator=simulator, now=now)
        demo.write_private(settings.DATA_DIR / DEMO_FILE, made)
        self.stdout.write(_told(made))


def _told(made: dict[str, Any]) -> str:
    acme = made["tenants"][0]
    room = acme["rooms"][0]
    ana, bo = (_user(acme, identity) for identity in ("ana", "bo"))
    lines = ["", f"videobroker is at {made['url']}  (API docs: /v2/docs, admin: /admin/)", ""]
    people = [made["operator"], *(user for tenant in made["tenants"] for user in tenant["users"])]
    lines += [f"  {user['username']:<10} password {user['password']}" for user in people]
    lines += [
        "",
        "Acme's demo room in two browser windows, Ana's (who moderates) and Bo's:",
        "",
        f"{room['join_url']}#token={ana['token']}",
        "",
        f"{room['join_url']}#token={bo['token']}",
        "",
        "Bo gets a token for it, without a browser:",
        "",
        f"curl -X POST {made['url']}/v2/rooms/{room['id']}/actions/generate_join_client_token "
        f"-H 'Authorization: Bearer {bo['token']}'",
        "",
        "Everything a program needs is in demo.json in the data folder. Ctrl-C ends it all.",
        "",
    ]
    return "\n".join(lines)


def _user(tenant: dict[str, Any], identity: str) -> dict[str, Any]:
    """Somebody of the tenant."""
    user: dict[str, Any] = next(user for user in tenant["users"] if user["identity"] == identity)
    return user
