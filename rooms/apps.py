from django.apps import AppConfig


class RoomsConfig(AppConfig):
    """Rooms and what happens in them."""

    name = "rooms"

    def ready(self) -> None:
        from rooms import happenings, operations, telling, ticking, waking

        waking.otherwise(operations.carry_out)
        happenings.listen(telling.tell_news)
        ticking.start_in_workers()
