from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The dialect."""

    name = "videobroker.api"
    label = "api"

    def ready(self) -> None:
        from videobroker.api import cors  # noqa: F401  connects itself to the CORS library
