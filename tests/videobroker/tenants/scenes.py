"""Acme's room with one of everything in it, and everybody who may come to its door."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.utils import timezone

from rooms import following, reconciling
from rooms.models import Room
from tests.asking import Answer, Asker
from tests.cast import Company
from tests.rooms.orders import settle
from tests.simulated import Simulator, wait_until
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
        if rule.query is not None:
            path += "?" + urlencode(_filled(rule.query, named))
        return asker.ask(rule.method, path, _filled(rule.body, named), {"X-Request-Id": REQUEST_ID})

    def unknown_ids(self) -> dict[str, str]:
        """Ids that never were; a refresh token stays what it is, for it proves nothing without its room."""
        return {
            name: value if name == "refresh_token" else str(uuid.uuid4()) for name, value in self.ids.items()
        }


def make_scene(acme: Company, globex: Company, room_id: str, simulator: Simulator) -> Scene:
    """Bo is in the room and was recorded, zed is banned from it, and the order to make it is there. What happens is
    told to a back end at an address that is refused."""
    back_end = acme.back_end
    back_end.patch(
        f"/v2/rooms/{room_id}", {"webhook_event_url": "http://127.0.0.1/hook", "enable_recording": True}
    )
    minted = acme.person("bo").post(f"/v2/rooms/{room_id}/actions/generate_join_client_token").data
    bo = simulator.join(minted["token"], minted["context"])["participant_id"]
    for kind in ("video", "audio"):
        simulator.complete_recording(simulator.start_recording(bo, kind)["id"])
    reconciling.reconcile(Room.objects.get(pk=room_id), now=timezone.now())
    members = back_end.get(f"/v2/rooms/{room_id}/members", {"filter[identity]": "bo"}).data
    ids = {
        "room_id": room_id,
        "member_id": members[0]["id"],
        "ban_id": back_end.post(f"/v2/rooms/{room_id}/bans", {"identity": "zed"}).data["id"],
        "operation_id": back_end.get("/v2/operations").data[0]["id"],
        "session_id": back_end.get("/v2/room_sessions").data[0]["id"],
        "participant_id": back_end.get("/v2/room_participants").data[0]["id"],
        "composition_id": complete_composition(acme, simulator),
        "recording_id": back_end.get("/v2/room_recordings", {"filter[type]": "video"}).data[0]["id"],
        "delivery_id": back_end.get("/v2/webhook_deliveries").data[0]["id"],
        "grant_id": minted["grant_id"],
        "refresh_token": minted["refresh_token"],
        "hold_id": lifted_hold(acme, room_id),
        "deletion_id": deletion(acme),
        "erasure_id": back_end.post("/v2/erasures", {"identity": "yan"}).data["id"],
    }
    return Scene(acme, globex, ids, globex.new_room({"gus": "moderator"})["id"])


def complete_composition(acme: Company, simulator: Simulator) -> str:
    """A film of what was recorded in the room so far."""
    session_id = acme.back_end.get("/v2/room_sessions").data[0]["id"]
    ordered = acme.back_end.post("/v2/room_compositions", {"session_id": session_id}).data
    settle()
    wait_until(lambda: [each["status"] for each in simulator.state()["compositions"]] == ["completed"])
    following.ask_due(timezone.now() + timedelta(minutes=1))
    return str(ordered["id"])


def lifted_hold(acme: Company, room_id: str) -> str:
    """One on the room. In force, it would keep the room from being deleted."""
    hold_id = str(acme.back_end.post("/v2/holds", {"room_id": room_id, "reason": "case 7"}).data["id"])
    assert acme.back_end.delete(f"/v2/holds/{hold_id}").status == 204
    return hold_id


def deletion(acme: Company) -> str:
    """Of bo's voice; the picture is kept."""
    heard = acme.back_end.get("/v2/room_recordings", {"filter[type]": "audio"}).data[0]["id"]
    assert acme.back_end.delete(f"/v2/room_recordings/{heard}").status == 204
    return str(acme.back_end.get("/v2/deletions").data[0]["id"])


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
