"""Ana and bo in acme's demo room, and the buttons of its live page."""

from typing import Any

from django.test import Client
from django.urls import reverse

from rooms.models import Operation
from tests.admin.forms import act_path
from tests.rooms.gatherings import Gathering


def live_path(room_id: Any, name: str = "live") -> str:
    return reverse(f"admin:rooms_room_{name}", args=[room_id])


class Meeting:
    """Ana, who moderates, and bo are in, and we know it."""

    def __init__(self, gathering: Gathering) -> None:
        self.gathering = gathering
        self.room = gathering.room
        self.ana, self.bo = gathering.comes("ana"), gathering.comes("bo")
        gathering.hear()

    def press(self, browser: Client, whose: str, act: str, **form: Any) -> Any:
        """Press somebody's button; the page that follows."""
        person = self.gathering.person(getattr(self, whose))
        return browser.post(act_path("rooms_participant", person, act), form, follow=True)

    def press_for_all(self, browser: Client, act: str, **form: Any) -> Any:
        return browser.post(act_path("rooms_session", self.gathering.session, act), form, follow=True)

    def page(self, browser: Client) -> str:
        """The part of the live page that renews itself."""
        answer = browser.get(live_path(self.room["id"], "live_now"))
        assert answer.status_code == 200
        return answer.content.decode()

    def order(self) -> Operation:
        return Operation.objects.filter(room=self.room["id"]).latest("sequence")

    def muted(self) -> set[str]:
        return {name for name in ("ana", "bo") if self.gathering.is_muted(getattr(self, name))}

    def present(self) -> set[str]:
        return {name for name in ("ana", "bo") if self.gathering.is_in(getattr(self, name))}
