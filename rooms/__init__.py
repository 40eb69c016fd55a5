"""What is going on: rooms, members, bans, and the operations that carry decisions to Telnyx."""
