from django.apps import AppConfig


class RoomsConfig(AppConfig):
    """Rooms and what happens in them."""

    name = "rooms"

    def ready(self) -> None:
        from rooms import operations, ticking, waking

        waking.otherwise(operations.carry_out)
        ticking.start_in_workers()
