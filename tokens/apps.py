from django.apps import AppConfig


class TokensConfig(AppConfig):
    """Join tokens."""

    name = "tokens"
