"""The doors of tokens, each as one call."""

from typing import Any

from tests.asking import Answer, Asker, Json
from videobroker.tenants.models import AuditEntry


def mint(asker: Asker, room: Json, headers: dict[str, str] | None = None, **body: Any) -> Answer:
    """Ask for a join token of the room."""
    return asker.post(f"{_actions(room)}/generate_join_client_token", body, **(headers or {}))


def refresh(asker: Asker, room: Json, refresh_token: str, **body: Any) -> Answer:
    """Ask for a fresh join token."""
    return asker.post(f"{_actions(room)}/refresh_client_token", {"refresh_token": refresh_token, **body})


def revoke(asker: Asker, room: Json, **by: Any) -> Answer:
    """Revoke the room's grants that `by` describes."""
    return asker.post(f"{_actions(room)}/revoke_client_token", by)


def access(asker: Asker, room: Json, identity: str | None = None) -> Answer:
    """Ask whether somebody would get a token now."""
    return asker.get(f"/v2/rooms/{room['id']}/access", None if identity is None else {"identity": identity})


def enter(asker: Asker, room: Json, **body: Any) -> Json:
    """Mint, which must succeed; the data of the answer."""
    minted = mint(asker, room, **body)
    assert minted.status == 201, minted
    return minted.data


def stay(asker: Asker, room: Json, refresh_token: str) -> Json:
    """Refresh, which must succeed; the data of the answer."""
    refreshed = refresh(asker, room, refresh_token)
    assert refreshed.status == 201, refreshed
    return refreshed.data


def grant_of(asker: Asker, minted: Json) -> Json:
    """The grant of a minted token, as `asker` is shown it."""
    return asker.get(f"/v2/grants/{minted['grant_id']}").data


def audited(room: Json, action: str) -> list[tuple[str, str, str]]:
    """Who was audited with this action in the room: actor, subject and reason of the refusal."""
    entries = AuditEntry.objects.filter(room_id=room["id"], action=action)
    return list(entries.values_list("actor", "subject", "reason"))


def _actions(room: Json) -> str:
    return f"/v2/rooms/{room['id']}/actions"
