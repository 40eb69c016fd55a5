"""A multi-tenant token broker and moderation back end in front of Telnyx Video."""
