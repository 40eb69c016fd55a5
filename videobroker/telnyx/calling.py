"""What all operations share: an account's address and key, and the way of a call."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final, TypeVar
from urllib.parse import urlsplit

from videobroker.secret import Secret
from videobroker.telnyx.allowances import Allowance
from videobroker.telnyx.answers import Reader, judge, page
from videobroker.telnyx.errors import TelnyxError
from videobroker.telnyx.fields import Fields
from videobroker.telnyx.objects import Page
from videobroker.telnyx.orders import Order
from videobroker.telnyx.parameters import ID_FILTERS, json_text, paging, query_text
from videobroker.telnyx.transport import Transport

T = TypeVar("T")

PAGE_SIZE: Final = 20
"""Items on a page unless asked otherwise: Telnyx's own default."""

WHOLE_LIST_PAGE_SIZE: Final = 100
"""Items on a page when all pages are wanted."""

NESTED_PAGE_SIZE: Final = 10
"""The same when every item brings its sessions or participants: an answer may hold 1 MiB."""


def whole_list_page_size(asked: int | None, nested: bool) -> int:
    return asked or (NESTED_PAGE_SIZE if nested else WHOLE_LIST_PAGE_SIZE)


class Caller:
    """Calls the Telnyx account that `api_key` belongs to, at `api_base` (which ends in `/v2`)."""

    def __init__(
        self, api_base: str, api_key: Secret, transport: Transport, timeout_secs: float = 8.0
    ) -> None:
        self._api_base = _sound_base(api_base)
        self._api_key = _sendable(api_key)
        self._transport = transport
        self._timeout_secs = timeout_secs

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._api_base})"

    @property
    def allowance(self) -> Allowance | None:
        """How much Telnyx last said that this account may still ask, whoever asked it through the same transport; None
        if it never said."""
        return self._transport.allowances.of(self._api_key)

    def _call(
        self,
        operation: str,
        method: str,
        path: str,
        read: Reader[T],
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        timeout_secs: float | None = None,
    ) -> T:
        order = Order(
            operation=operation,
            method=method,
            url=f"{self._api_base}/{path}{query_text(query or {})}",
            api_key=self._api_key,
            body=None if body is None else json_text(body),
            tokens=tuple(value for value in (body or {}).values() if isinstance(value, Secret)),
        )
        started = time.monotonic()
        result = self._ask(order, read, timeout_secs)
        outcome = result.outcome if isinstance(result, TelnyxError) else "ok"
        self._transport.on_call(operation, outcome, time.monotonic() - started)
        if isinstance(result, TelnyxError):
            raise result
        return result

    def _ask(self, order: Order, read: Reader[T], timeout_secs: float | None) -> T | TelnyxError:
        within_secs = self._timeout_secs if timeout_secs is None else timeout_secs
        return judge(order, self._transport.send(order, within_secs), read)

    def _list(
        self,
        operation: str,
        path: str,
        read: Callable[[Fields], T],
        query: Mapping[str, str],
        *,
        page_number: int,
        page_size: int,
        timeout_secs: float | None,
        **expected: str,
    ) -> Page[T]:
        """One page. Items of another room, session or participant than asked for are not accepted."""
        expected |= {name: query[f"filter[{name}]"] for name in ID_FILTERS if f"filter[{name}]" in query}
        return self._call(
            operation,
            "GET",
            path,
            page(read, page_number, expected),
            query={**query, **paging(page_number, page_size)},
            timeout_secs=timeout_secs,
        )


def each(pages: Callable[[int], Page[T]]) -> Iterator[T]:
    """The items of all pages, each page asked for when it is reached.

    As with any list read in parts, what is created or deleted meanwhile may be seen twice or not at all.
    """
    page_number = 1
    while True:
        found = pages(page_number)
        yield from found.items
        if not found.items or page_number >= found.total_pages:
            return
        page_number += 1


@lru_cache(maxsize=64)
def _sound_base(api_base: str) -> str:
    address = urlsplit(api_base)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise ValueError(
            "the address of Telnyx's API must be an http(s) URL, such as https://api.telnyx.com/v2"
        )
    if address.username or address.password or address.query or address.fragment:
        raise ValueError("the address of Telnyx's API must have no user, query or fragment")
    return api_base.rstrip("/")


def _sendable(api_key: Secret) -> Secret:
    if not all("!" <= char <= "~" for char in api_key.reveal()) or not api_key:
        raise ValueError("a Telnyx API key is printable ASCII without spaces; this one is empty or is not")
    return api_key
