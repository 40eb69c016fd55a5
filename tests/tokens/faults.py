"""What may go wrong at Telnyx with a call for a token, kind by kind, and what we say of it."""

from dataclasses import dataclass, field
from typing import Any

MINT, REFRESH = "create_room_client_token", "refresh_room_client_token"
DEADLINE_SECS = 0.8


@dataclass(frozen=True)
class Fault:
    """A fault of the simulator; `reason` is ours for it, or None where the answer is right all the same.

    `passes` says whether a second try within the same request is made, and right, if it strikes only once.
    """

    kind: str
    reason: str | None
    parameters: dict[str, Any] = field(default_factory=dict)
    passes: bool = False

    def __str__(self) -> str:
        return " ".join([self.kind, *(f"{name}={value}" for name, value in self.parameters.items())])


DOWN, REFUSED, CREDENTIALS, SLOWER = (
    "upstream_unavailable",
    "upstream_refused",
    "upstream_credentials",
    "upstream_rate_limited",
)


def _lost(how: str, **more: Any) -> Fault:
    return Fault("lost_answer", DOWN, {"how": how, **more}, passes=how != "timeout")


FAULTS = [
    Fault("latency", None, {"secs": 0.1}),
    Fault("latency", DOWN, {"secs": 5}),
    Fault("hold", None, {"secs": 0.1}),
    Fault("hold", DOWN),
    Fault("status", DOWN, {"status": 500}, passes=True),
    Fault("status", DOWN, {"status": 503, "shape": "message"}, passes=True),
    Fault("status", CREDENTIALS, {"status": 401}),
    Fault("status", CREDENTIALS, {"status": 403, "shape": "bare"}),
    Fault("status", REFUSED, {"status": 404}, passes=True),
    Fault("status", REFUSED, {"status": 422}),
    Fault("rate_limit", SLOWER, {"reset": 7}),
    Fault("rate_limit", SLOWER, {"reset": None}),
    Fault("timeout", DOWN),
    Fault("reset", DOWN, passes=True),
    Fault("close", DOWN, passes=True),
    Fault("malformed", DOWN, passes=True),
    Fault("malformed", DOWN, {"body": "[]", "content_type": "application/json"}, passes=True),
    Fault("empty", DOWN, passes=True),
    Fault("redirect", DOWN, {"location": "http://127.0.0.1:9/v2"}, passes=True),
    Fault("gzip_bomb", DOWN, {"bytes": 20_000_000}, passes=True),
    Fault("truncate", DOWN, passes=True),
    Fault("truncate_json", DOWN, passes=True),
    Fault("drip", DOWN, {"bytes_per_sec": 20}),
    Fault("huge", DOWN, {"bytes": 3_000_000}, passes=True),
    _lost("reset"),
    _lost("close"),
    _lost("timeout"),
    _lost("status", status=502),
    _lost("truncate"),
    Fault("mutate", None, {"field": "data.news", "value": {"of": "Telnyx's"}}),
    Fault("mutate", DOWN, {"field": "data.token", "drop": True}, passes=True),
    Fault("mutate", DOWN, {"field": "data.token", "value": 7}, passes=True),
    Fault("mutate", DOWN, {"field": "data.token_expires_at", "value": "soon"}, passes=True),
    Fault("swap_id", None),
]

# One of each kind: the last one.
OF_EACH_KIND = list({fault.kind: fault for fault in FAULTS}.values())
