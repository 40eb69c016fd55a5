"""What an API key may be allowed to do."""

from typing import Final

SCOPES: Final = {
    "rooms:read": "see rooms, members, bans and who is in",
    "rooms:write": "make, change and delete rooms, members and bans",
    "tokens:mint": "mint, refresh and revoke tokens, for itself and for any identity",
    "moderate": "kick, mute, unmute, end",
    "recordings:read": "see and download recordings and compositions",
    "recordings:write": "delete recordings, hold them, make and delete compositions",
    "audit:read": "read the audit entries",
    "privacy": "export and erase what is kept about a person",
}
