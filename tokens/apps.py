from django.apps import AppConfig


class TokensConfig(AppConfig):
    """Join tokens."""

    name = "tokens"

    def ready(self) -> None:
        from rooms import doorkeeping
        from tokens.doorkeeping import Doorkeeper

        doorkeeping.serve_as(Doorkeeper())
