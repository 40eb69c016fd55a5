from django.apps import AppConfig


class RoomsConfig(AppConfig):
    """Rooms and what happens in them."""

    name = "rooms"

    def ready(self) -> None:
        from prometheus_client import REGISTRY

        from rooms import happenings, measuring, operations, telling, ticking, waking

        waking.otherwise(operations.carry_out)
        happenings.listen(telling.tell_news)
        REGISTRY.register(measuring.Rows())
        ticking.start_in_workers()
