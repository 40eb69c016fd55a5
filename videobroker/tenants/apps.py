from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Tenants and callers."""

    name = "videobroker.tenants"
    label = "tenants"

    def ready(self) -> None:
        from videobroker import celery, checks  # noqa: F401  both register themselves when imported
