"""Acme's room with one of everything in it, and everybody who may come to its door."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from rooms import reconciling
from rooms.models import Room
from tests.asking import Answer, Asker
from tests.cast import Company
from tests.simulated import Simulator
from tests.videobroker.api.policies import Rule

Json = Any
REQUEST_ID = "the-same-for-all"


@dataclass(frozen=True)
class Scene:
    """`ids` are acme's, by the name that paths and bodies have for them."""

    acme: Company
    globex: Company
    ids: dict[str, str]
    globex_room_id: str

    def ask(self, asker: Asker, rule: Rule, ids: dict[str, str] | None = None) -> Answer:
        """Do what the rule is about, to acme's things or to others."""
        named = self.ids if ids is None else ids
        path = "/" + re.sub(r"<uuid:(\w+)>", lambda found: named[found[1]], rule.route)
        return asker.ask(rule.method, path, _filled(rule.body, named), {"X-Request-Id": REQUEST_ID})

    def unknown_ids(self) -> dict[str, str]:
        """Ids that never were; a refresh token stays what it is, for it proves nothing without its room."""
        return {
            name: value if name == "refresh_token" else str(uuid.uuid4()) for name, value in self.ids.items()
        }


def make_scene(acme: Company, globex: Company, room_id: str, simulator: Simulator) -> Scene:
    """Bo is in the room, zed is banned from it, and the order to make it is there. What happens is told to a back end
    at an address that is refused."""
    back_end = acme.back_end
    back_end.patch(f"/v2/rooms/{room_id}", {"webhook_event_url": "http://127.0.0.1/hook"})
    minted = acme.person("bo").post(f"/v2/rooms/{room_id}/actions/generate_join_client_token").data
    simulator.join(minted["token"], minted["context"])
    reconciling.reconcile(Room.objects.get(pk=room_id), now=timezone.now())
    members = back_end.get(f"/v2/rooms/{room_id}/members", {"filter[identity]": "bo"}).data
    ids = {
        "room_id": room_id,
        "member_id": members[0]["id"],
        "ban_id": back_end.post(f"/v2/rooms/{room_id}/bans", {"identity": "zed"}).data["id"],
        "operation_id": back_end.get("/v2/operations").data[0]["id"],
        "session_id": back_end.get("/v2/room_sessions").data[0]["id"],
        "participant_id": back_end.get("/v2/room_participants").data[0]["id"],
        "delivery_id": back_end.get("/v2/webhook_deliveries").data[0]["id"],
        "grant_id": minted["grant_id"],
        "refresh_token": minted["refresh_token"],
    }
    return Scene(acme, globex, ids, globex.new_room({"gus": "moderator"})["id"])


@contextmanager
def undone() -> Iterator[None]:
    """What the block does to the database is as if it had never been."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _filled(body: Json, ids: dict[str, str]) -> Json:
    if not isinstance(body, dict):
        return body
    return {name: ids[value[1:-1]] if str(value).startswith("{") else value for name, value in body.items()}
