"""Which function answers which method and path."""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from videobroker.simulator import errors
from videobroker.simulator.errors import Refusal
from videobroker.simulator.exchange import Call
from videobroker.simulator.simulation import Simulation

Handler = Callable[[Simulation, Call], Any]


@dataclass(frozen=True)
class Route:
    """`handler` answers the JSON body (None: no body) that goes out with `status`."""

    method: str
    template: str
    operation: str
    status: int
    handler: Handler
    needs_api_key: bool = True

    @property
    def pattern(self) -> re.Pattern[str]:
        """The template with its `{names}` as groups."""
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.template))


class Router:
    """Routes under one prefix."""

    def __init__(self, prefix: str, routes: Sequence[Route]) -> None:
        self.prefix = prefix
        self.operations = frozenset(route.operation for route in routes)
        self._routes = [(route.pattern, route) for route in routes]

    def find(self, call: Call) -> Route | None:
        """The call's route, or None; the ids in its path and its operation are noted in the call."""
        path = call.path.removeprefix(self.prefix)
        for pattern, route in self._routes:
            if route.method == call.method and (parts := pattern.fullmatch(path)):
                call.ids = {name: _plain(text) for name, text in parts.groupdict().items()}
                call.operation = route.operation
                return route
        return None

    def missing(self, call: Call) -> Refusal:
        """Why there is no route: 405 when the path knows other methods, else 404."""
        path = call.path.removeprefix(self.prefix)
        allowed = sorted({route.method for pattern, route in self._routes if pattern.fullmatch(path)})
        if not allowed:
            return Refusal(404, errors.NOT_FOUND, "There is nothing at this path.")
        headers = (("Allow", ", ".join(allowed)),)
        return Refusal(405, errors.BAD_REQUEST, f"This path takes {', '.join(allowed)}.", headers=headers)


def check_ids(call: Call) -> None:
    """Refuse ids that are no UUIDs: nothing can have them."""
    for name, text in call.ids.items():
        if not _is_uuid(text):
            code = errors.BAD_ROOM_ID if name == "room_id" else errors.BAD_ID
            raise Refusal(404, code, f"The {name.replace('_', ' ')} is not a UUID.", shape="bare")


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _plain(text: str) -> str:
    """A UUID as Telnyx writes it, lower case with hyphens; anything else as it is."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return text
