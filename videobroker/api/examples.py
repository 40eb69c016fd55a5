"""What the examples of the OpenAPI document are made of: the same room, people and afternoon in all of them."""

from typing import Final

ROOM_ID: Final = "1d2e6f0a-5b1c-4f6e-9a57-3c8de1f0a2b4"
TELNYX_ROOM_ID: Final = "fd305db6-1f0b-4f7c-9c42-6f1c5c2b9d10"
SESSION_ID: Final = "6b8f2d14-7c3e-4a9b-8d52-0e4f7a1c9b36"
PARTICIPANT_ID: Final = "a9c4e7d2-3f15-4b86-92c0-5d7e8f1a6b43"
MEMBER_ID: Final = "3e7a1c95-8d24-4f0b-b6e3-9c2d5f8a7014"
BAN_ID: Final = "c5d80b3f-6e19-42a7-8f4d-1b9e7c2a5063"
GRANT_ID: Final = "e53de436-0a6c-4b52-9f7d-8c1e2f3a4b56"
OPERATION_ID: Final = "70f4b9a1-2c8e-4d63-a5b7-f6e1d0c9384a"
DELIVERY_ID: Final = "94b6d3e8-5f07-4c1a-9e2b-7a8d1c0f6e52"
ENTRY_ID: Final = "d2f7a0c6-9b38-4e15-8a64-3f5c7e1b9d20"
COMPOSITION_ID: Final = "5219b3af-87c6-4c08-9b58-5a533d893e21"
TENANT_ID: Final = "8e0d3c71-6a2b-4f95-b1c8-2d7f9e4a5b60"
REQUEST_ID: Final = "23d52557-e7ab-48ac-bba5-c679bfed250f"

# One afternoon: the room is made, opens, is entered, is left.
MADE_AT: Final = "2030-01-01T08:00:00.000000Z"
OPENS_AT: Final = "2030-01-01T09:00:00.000000Z"
JOINED_AT: Final = "2030-01-01T09:02:11.482000Z"
LEFT_AT: Final = "2030-01-01T09:47:30.105000Z"
CLOSES_AT: Final = "2030-01-01T18:00:00.000000Z"

BACK_END: Final = "api_key:5e0c9d72-41b8-4a3f-9d6e-2b7f8c1a0e95"
