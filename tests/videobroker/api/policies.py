"""Who may do what: every endpoint with the answer that each of the cast gets from it.

A new endpoint needs a row here; `tests/test_policies.py` compares this table with the URLconf and the views, and
`tests/videobroker/tenants/test_isolation.py` asks every row as everybody.
"""

from dataclasses import dataclass
from typing import Any, Final

Json = Any
ROOM: Final = "v2/rooms/<uuid:room_id>"

# Paths that take no credential and show nothing of any tenant.
PUBLIC: Final = frozenset(
    {
        "livez",
        "readyz",
        "v2/schema",
        "v2/docs",
        ".well-known/jwks.json",
        "v2/webhook_keys",
        "join/<uuid:room_id>",
    }
)
# Paths whose credential is the house's own (tests/videobroker/api/test_metrics.py).
HOUSES: Final = frozenset({"metrics"})
# Paths whose credential is Telnyx's signature (tests/rooms/).
SIGNED: Final = frozenset({"webhooks/telnyx/<uuid:account_id>", "webhooks/telnyx/<uuid:account_id>/failover"})


@dataclass(frozen=True)
class Rule:
    """One method of one path: the scope a back end needs and its success, and what ana (moderator of the room), bo
    (member) and cy (stranger of the tenant) are answered. `{name}` in a text of the body is one of the scene's ids.
    `foreign` is what anybody of another tenant is answered."""

    route: str
    method: str
    scope: str | None
    back_end: int
    people: tuple[int, int, int]
    body: Json = None
    foreign: int = 404
    query: Json = None

    @property
    def for_people(self) -> bool:
        return self.people != NOBODY

    @property
    def names_something(self) -> bool:
        """Whether it is about one thing of the scene, and not about whatever the caller has."""
        return "<uuid:" in self.route or any(
            str(value).startswith("{") for value in (self.body or {}).values()
        )

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


NOBODY: Final = (403, 403, 403)
READ, WRITE, MINT, MODERATE = "rooms:read", "rooms:write", "tokens:mint", "moderate"
FILMS: Final = "recordings:read"
COMPOSITION: Final = "v2/room_compositions/<uuid:composition_id>"
RECORDING: Final = "v2/room_recordings/<uuid:recording_id>"
SEE, DISPOSE = "recordings:read", "recordings:write"
SESSION: Final = "v2/room_sessions/<uuid:session_id>"

RULES: Final = (
    Rule("v2/rooms", "GET", READ, 200, (200, 200, 200)),
    Rule("v2/rooms", "POST", WRITE, 201, NOBODY, {"unique_name": "second"}),
    Rule(ROOM, "GET", READ, 200, (200, 200, 403)),
    Rule(ROOM, "PATCH", WRITE, 200, (200, 403, 403), {"max_participants": 7}),
    Rule(ROOM, "DELETE", WRITE, 204, NOBODY),
    Rule(f"{ROOM}/members", "GET", READ, 200, (200, 403, 403)),
    Rule(f"{ROOM}/members", "POST", WRITE, 201, (201, 403, 403), {"identity": "dot"}),
    Rule(f"{ROOM}/members/<uuid:member_id>", "GET", READ, 200, (200, 403, 403)),
    Rule(f"{ROOM}/members/<uuid:member_id>", "PATCH", WRITE, 200, (200, 403, 403), {"display_name": "B"}),
    Rule(f"{ROOM}/members/<uuid:member_id>", "DELETE", WRITE, 204, (204, 403, 403)),
    Rule(f"{ROOM}/bans", "GET", READ, 200, (200, 403, 403)),
    Rule(f"{ROOM}/bans", "POST", WRITE, 201, (201, 403, 403), {"identity": "eve"}),
    Rule(f"{ROOM}/actions/seal", "POST", MODERATE, 202, (202, 403, 403), {}),
    Rule(f"{ROOM}/sessions", "GET", READ, 200, (200, 403, 403)),
    Rule("v2/room_sessions", "GET", READ, 200, (200, 200, 200)),
    Rule(SESSION, "GET", READ, 200, (200, 404, 404)),
    Rule(f"{SESSION}/participants", "GET", READ, 200, (200, 404, 404)),
    Rule(f"{SESSION}/actions/kick", "POST", MODERATE, 202, (202, 403, 403), {"participants": "all"}),
    Rule(f"{SESSION}/actions/mute", "POST", MODERATE, 202, (202, 403, 403), {"identities": ["bo"]}),
    Rule(f"{SESSION}/actions/unmute", "POST", MODERATE, 202, (202, 403, 403), {"participants": "all"}),
    Rule(f"{SESSION}/actions/end", "POST", MODERATE, 202, (202, 403, 403), {}),
    Rule("v2/room_participants", "GET", READ, 200, (200, 200, 200)),
    Rule("v2/room_participants/<uuid:participant_id>", "GET", READ, 200, (200, 404, 404)),
    Rule("v2/room_recordings", "GET", FILMS, 200, (200, 200, 200)),
    Rule(RECORDING, "GET", FILMS, 200, (200, 404, 404)),
    Rule("v2/room_recordings", "DELETE", DISPOSE, 201, NOBODY, query={"filter[room_id]": "{room_id}"}),
    Rule(RECORDING, "PATCH", DISPOSE, 200, NOBODY, {"retain_until": "2100-01-01T00:00:00Z"}),
    Rule(RECORDING, "DELETE", DISPOSE, 204, (204, 404, 404)),
    Rule(f"{RECORDING}/download", "GET", FILMS, 302, (302, 404, 404)),
    Rule("v2/room_compositions", "GET", SEE, 200, (200, 200, 200)),
    Rule(
        "v2/room_compositions",
        "POST",
        DISPOSE,
        202,
        (202, 403, 403),
        {"session_id": "{session_id}"},
        foreign=422,
    ),
    Rule(COMPOSITION, "GET", SEE, 200, (200, 404, 404)),
    Rule(COMPOSITION, "PATCH", DISPOSE, 200, NOBODY, {"retain_until": "2100-01-01T00:00:00Z"}),
    Rule(COMPOSITION, "DELETE", DISPOSE, 204, (204, 404, 404)),
    Rule(f"{COMPOSITION}/download", "GET", SEE, 302, (302, 404, 404)),
    Rule("v2/bans", "GET", READ, 200, NOBODY),
    Rule("v2/bans", "POST", WRITE, 201, NOBODY, {"identity": "eve", "room_id": "{room_id}"}),
    Rule("v2/bans/<uuid:ban_id>", "GET", READ, 200, (200, 404, 404)),
    Rule("v2/bans/<uuid:ban_id>", "DELETE", WRITE, 204, (204, 404, 404)),
    Rule("v2/holds", "GET", SEE, 200, (200, 200, 200)),
    Rule("v2/holds", "POST", DISPOSE, 201, (201, 403, 403), {"room_id": "{room_id}", "reason": "case 7"}),
    Rule("v2/holds/<uuid:hold_id>", "GET", SEE, 200, (200, 404, 404)),
    Rule("v2/holds/<uuid:hold_id>", "DELETE", DISPOSE, 204, NOBODY),
    Rule("v2/deletions", "GET", SEE, 200, NOBODY),
    Rule("v2/deletions/<uuid:deletion_id>", "GET", SEE, 200, NOBODY),
    Rule("v2/erasures", "GET", "privacy", 200, NOBODY),
    Rule("v2/erasures", "POST", "privacy", 202, NOBODY, {"identity": "zed"}),
    Rule("v2/erasures/<uuid:erasure_id>", "GET", "privacy", 200, NOBODY),
    Rule("v2/personal_data", "GET", "privacy", 200, NOBODY, query={"identity": "bo"}),
    Rule("v2/audit_entries", "GET", "audit:read", 200, (200, 200, 200)),
    Rule("v2/audit_entries/export", "GET", "audit:read", 200, NOBODY),
    Rule("v2/webhook_deliveries", "GET", READ, 200, NOBODY),
    Rule("v2/webhook_deliveries/<uuid:delivery_id>", "GET", READ, 200, NOBODY),
    Rule(
        "v2/webhook_deliveries/actions/replay",
        "POST",
        WRITE,
        202,
        NOBODY,
        {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "room_id": "{room_id}"},
    ),
    Rule(f"{ROOM}/actions/test_webhook", "POST", WRITE, 200, NOBODY, {}),
    Rule("v2/operations", "GET", READ, 200, NOBODY),
    Rule("v2/operations/<uuid:operation_id>", "GET", READ, 200, (200, 404, 404)),
    Rule(f"{ROOM}/actions/generate_join_client_token", "POST", MINT, 201, (201, 201, 403), {}),
    Rule(
        f"{ROOM}/actions/refresh_client_token",
        "POST",
        MINT,
        201,
        (403, 201, 403),
        {"refresh_token": "{refresh_token}"},
    ),
    Rule(
        f"{ROOM}/actions/revoke_client_token", "POST", MINT, 200, (200, 200, 200), {"grant_id": "{grant_id}"}
    ),
    Rule(f"{ROOM}/access", "GET", READ, 200, (200, 200, 200)),
    Rule("v2/grants", "GET", READ, 200, (200, 200, 200)),
    Rule("v2/grants/<uuid:grant_id>", "GET", READ, 200, (200, 200, 404)),
)
