"""No body sets what it was not asked for: every column of every table, sent to every endpoint that takes a body."""

import secrets
from dataclasses import replace
from typing import Final

import pytest
from django.apps import apps

from tests.asking import Answer, Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.videobroker.api import digests
from tests.videobroker.api.policies import RULES, Rule
from tests.videobroker.tenants.scenes import Scene, make_scene

WRITERS: Final = [rule for rule in RULES if rule.body is not None]
TAKEN: Final = {
    "v2/rooms": {
        "unique_name", "max_participants", "enable_recording", "webhook_event_url", "webhook_event_failover_url",
        "webhook_timeout_secs", "opens_at", "closes_at", "locked", "access", "recording_retention_days",
        "auto_compose",
    },
    "v2/room_compositions": {
        "session_id", "format", "resolution", "video_layout", "webhook_event_url", "webhook_event_failover_url",
        "webhook_timeout_secs",
    },
    "<uuid:composition_id>": {"retain_until"},
    "v2/bans": {"identity", "until", "reason", "room_id"},
    "bans": {"identity", "until", "reason"},
    "members": {"identity", "role", "display_name"},
    "<uuid:member_id>": {"role", "display_name"},
    "generate_join_client_token": {"token_ttl_secs", "refresh_token_ttl_secs", "identity", "display_name"},
    "refresh_client_token": {"refresh_token", "token_ttl_secs"},
    "revoke_client_token": {"refresh_token", "grant_id", "identity", "issued_before"},
    "kick": {"participants", "identities", "exclude", "ban"},
    "mute": {"participants", "identities", "exclude"},
    "unmute": {"participants", "identities", "exclude"},
    "end": set(),
    "seal": set(),
    "replay": {"from", "to", "ids", "room_id"},
    "v2/erasures": {"identity"},
    "<uuid:recording_id>": {"retain_until"},
    "v2/holds": {"room_id", "identity", "recording_id", "composition_id", "reason", "holder"},
}  # fmt: skip


def taken_by(rule: Rule) -> set[str]:
    """The fields that an endpoint takes."""
    names = {**TAKEN, "<uuid:room_id>": TAKEN["v2/rooms"]}
    return names.get(rule.route, names.get(rule.route.rpartition("/")[2], set()))


def every_name() -> set[str]:
    """Every column and attribute of every model, and some that an attacker would try."""
    fields = {field.name for model in apps.get_models() for field in model._meta.get_fields()}
    columns = {field.attname for model in apps.get_models() for field in model._meta.concrete_fields}
    tried = {
        "tenant",
        "owner",
        "is_admin",
        "is_superuser",
        "legal_hold",
        "upstream_id",
        "pk",
        "_state",
        "record_type",
    }
    return fields | columns | tried | {secrets.token_hex(6) for _ in range(50)}


@pytest.fixture
def scene(acme: Company, globex: Company, demo_room: Json, simulator: Simulator) -> Scene:
    return make_scene(acme, globex, demo_room["id"], simulator)


def sent(scene: Scene, rule: Rule, body: Json) -> Answer:
    """The answer of the rule's endpoint to another body."""
    return scene.ask(scene.acme.back_end, replace(rule, body=body))


def refused_as_unknown(answer: Answer) -> list[str]:
    return [
        entry["source"]["pointer"][1:]
        for entry in answer.body["errors"]
        if entry["meta"]["reason"] == "unknown_field"
    ]


def test_a_field_that_is_not_taken_is_refused_and_nothing_changes(scene: Scene) -> None:
    before, names = digests.database(), every_name()
    for rule in WRITERS:
        foreign, refused = sorted(names - taken_by(rule)), []
        assert len(foreign) > 100
        for start in range(0, len(foreign), 40):
            body = dict.fromkeys(foreign[start : start + 40], scene.ids["room_id"])
            refused += refused_as_unknown(sent(scene, rule, body))
        assert refused == foreign, rule
    assert digests.database() == before


def test_every_field_that_is_taken_is_in_the_list_above(scene: Scene) -> None:
    for rule in WRITERS:
        detail = sent(scene, rule, {"no_such_field": 1}).error["detail"]
        known = set(detail.partition("known here: ")[2].split(", ")) - {"none"}
        assert known == taken_by(rule), rule


def test_what_is_the_owners_business_a_moderator_cannot_change(scene: Scene) -> None:
    values = {"access": "tenant", "webhook_event_url": "https://acme.example/", "recording_retention_days": 1}
    where = f"/v2/rooms/{scene.ids['room_id']}"
    before = scene.acme.back_end.get(where).data
    for field, value in values.items():
        assert scene.acme.person("ana").patch(where, {field: value}).refusal == (403, "back_end_only")
    assert scene.acme.back_end.get(where).data == before
