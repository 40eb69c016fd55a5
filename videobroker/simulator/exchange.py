"""One HTTP call and one answer, as the rest of the simulator sees them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from videobroker.simulator import errors
from videobroker.simulator.accounts import Account
from videobroker.simulator.errors import Refusal
from videobroker.simulator.fields import Fields

Headers = tuple[tuple[str, str], ...]


@dataclass
class Call:
    """What was asked. `ids` are the path's ids by name; `room_id` is the room it is about, if known. `host` is whom the
    caller takes us for, and `origin` whose page asks, if a browser asks for one."""

    method: str
    path: str
    query: Mapping[str, str]
    authorization: str
    raw: bytes
    host: str = ""
    origin: str = ""
    ids: dict[str, str] = field(default_factory=dict)
    operation: str | None = None
    account: Account | None = None
    room_id: str | None = None
    ledger_id: int | None = None

    @property
    def caller(self) -> Account:
        """The account the API key speaks for; only asked where one was demanded."""
        assert self.account is not None
        return self.account

    def json(self) -> Any:
        """The body as JSON, `{}` when there is none. Refused with 400 when it is not JSON."""
        if not self.raw:
            return {}
        try:
            value = json.loads(self.raw)
            if b"\\ud" in self.raw.lower():
                # Half a surrogate pair is no text: no database, file or socket could take it.
                json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise Refusal(400, errors.INVALID_JSON, "The body is not valid JSON.") from error
        return value

    def fields(self) -> Fields:
        """The body as an object whose fields can be read."""
        return Fields(self.json())


@dataclass(frozen=True)
class Answer:
    """What is answered: a status, the body (None: none at all) and headers beside the usual ones."""

    status: int
    body: bytes | None
    headers: Headers = ()
    content_type: str = "application/json; charset=utf-8"


def as_json(status: int, value: object, headers: Headers = ()) -> Answer:
    """An answer whose body is `value` in JSON."""
    return Answer(status, json.dumps(value).encode(), headers)


def refused(refusal: Refusal) -> Answer:
    """The answer that says a refusal."""
    return as_json(refusal.status, refusal.body(), refusal.headers)
