from django.apps import AppConfig


class TokensConfig(AppConfig):
    """Join tokens."""

    name = "tokens"

    def ready(self) -> None:
        from prometheus_client import REGISTRY

        from rooms import doorkeeping
        from tokens import measuring
        from tokens.doorkeeping import Doorkeeper

        doorkeeping.serve_as(Doorkeeper())
        REGISTRY.register(measuring.Rows())
