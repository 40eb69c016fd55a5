from django.apps import AppConfig


class RoomsConfig(AppConfig):
    """Rooms and what happens in them."""

    name = "rooms"

    def ready(self) -> None:
        from rooms import ticking

        ticking.start_in_workers()
