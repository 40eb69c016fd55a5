"""The rooms' pages in the console. A table that belongs to a room gets its pages by copying `members`."""

from rooms.admin import bans, deliveries, members, operations, rooms

__all__ = ["bans", "deliveries", "members", "operations", "rooms"]
