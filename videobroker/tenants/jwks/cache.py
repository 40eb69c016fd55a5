"""Providers' public keys, fetched from their JWKS addresses and kept for a while."""

import functools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from videobroker import outbound
from videobroker.tenants.jwks.errors import JwksError, KeysUnavailable, UnknownKey
from videobroker.tenants.jwks.key_sets import MOST_DOCUMENT_BYTES, KeySet, PublicKey

FETCH_TIMEOUT_SECS: Final = 3.0


@dataclass(frozen=True)
class _Held:
    """Keys, and when they were fetched by the cache's clock."""

    keys: KeySet
    fetched_at: float


class _Entry:
    """What is known of one URL. `fetching` is held by the one thread that asks the provider."""

    def __init__(self) -> None:
        self.fetching = threading.Lock()
        self.held: _Held | None = None
        self.tried_at: float | None = None
        self.failure: Exception | None = None


class JwksCache:
    """Providers' keys by URL, shared by all threads of a process.

    Keys are fresh for `fresh_secs`; when the provider cannot be reached they serve on until they are
    `stale_secs` old. No URL is asked more than once in `retry_secs`, whatever tokens ask for and whether
    or not it answered, and never by two threads at once. The `most_urls` used last are kept. `clock` counts
    seconds and never jumps back; `fetch` gives the document at a URL or raises OutboundError or JwksError.
    """

    def __init__(
        self,
        *,
        policy: outbound.AddressPolicy | None = None,
        fetch: Callable[[str], bytes] | None = None,
        clock: Callable[[], float] = time.monotonic,
        fresh_secs: float = 3600,
        stale_secs: float = 24 * 3600,
        retry_secs: float = 60,
        most_urls: int = 1000,
    ) -> None:
        self._fetch = fetch or functools.partial(fetch_document, policy=policy or outbound.AddressPolicy())
        self._clock = clock
        self._fresh_secs = fresh_secs
        self._stale_secs = stale_secs
        self._retry_secs = retry_secs
        self._most_urls = most_urls
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._entries_lock = threading.Lock()

    def key(self, url: str, kid: str | None, algorithm: str) -> PublicKey:
        """The key `kid` of the provider whose keys are at `url`; raises KeysUnavailable or UnknownKey."""
        entry = self._entry(url)
        held = self._usable(url, entry)
        key = held.keys.find(kid, algorithm)
        if key is None:
            key = self._after_rotation(url, entry, held).keys.find(kid, algorithm)
        if key is None:
            raise UnknownKey(
                f"{outbound.shown(url)} has no {algorithm} key of the token's kid; sign with a published "
                f"key, or try again in {self._retry_secs:.0f} s if it was published just now"
            )
        return key

    def _entry(self, url: str) -> _Entry:
        with self._entries_lock:
            entry = self._entries.setdefault(url, _Entry())
            self._entries.move_to_end(url)
            if len(self._entries) > self._most_urls:
                self._entries.popitem(last=False)
            return entry

    def _usable(self, url: str, entry: _Entry) -> _Held:
        held = entry.held
        if held is None or self._age_secs(held) > self._fresh_secs:
            # Whoever still has keys to go on does not wait for another thread that is fetching newer ones.
            must_wait = held is None or self._age_secs(held) > self._stale_secs
            if entry.fetching.acquire(blocking=must_wait):
                try:
                    self._refresh(url, entry)
                finally:
                    entry.fetching.release()
            held = entry.held
        if held is None or self._age_secs(held) > self._stale_secs:
            raise KeysUnavailable(
                f"the provider's keys cannot be had: {entry.failure}; they are asked for again "
                f"{self._retry_secs:.0f} s after the last attempt"
            ) from entry.failure
        return held

    def _after_rotation(self, url: str, entry: _Entry, seen: _Held) -> _Held:
        with entry.fetching:
            self._refresh(url, entry)
            return entry.held or seen

    def _refresh(self, url: str, entry: _Entry) -> None:
        """Ask the provider, unless somebody did too recently: another thread, perhaps, while this one waited."""
        now = self._clock()
        if entry.tried_at is not None and now - entry.tried_at < self._retry_secs:
            return
        entry.tried_at = now
        try:
            entry.held = _Held(KeySet.parse(self._fetch(url)), now)
        except (outbound.OutboundError, JwksError) as error:
            entry.failure = error

    def _age_secs(self, held: _Held) -> float:
        return self._clock() - held.fetched_at


def fetch_document(url: str, *, policy: outbound.AddressPolicy) -> bytes:
    """The JWK set at `url`, unread; raises OutboundError, or KeysUnavailable for any status but 200."""
    answer = outbound.fetch(
        url,
        headers={"Accept": "application/jwk-set+json, application/json"},
        timeout_secs=FETCH_TIMEOUT_SECS,
        max_bytes=MOST_DOCUMENT_BYTES,
        policy=policy,
    )
    if answer.status != HTTPStatus.OK:
        raise KeysUnavailable(f"{outbound.shown(url)} answered {answer.status} where a JWK set should be")
    return answer.body
