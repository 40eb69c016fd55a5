"""How long keys are kept, and how seldom a provider is asked."""

import json
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from tests.videobroker.outbound.servers import answering, serving
from tests.videobroker.tenants.login_token_makers import ED25519_JWK, ED25519_KEY, KEY_SET
from videobroker import outbound
from videobroker.tenants.jwks import JwksCache, KeysUnavailable, UnknownKey, fetch_document

URL = "https://login.acme.example/jwks"
HOUR = 3600


class Provider:
    """A provider's JWKS address: it can be changed and switched off, and counts who asks."""

    def __init__(self) -> None:
        self.keys = [ED25519_JWK]
        self.is_up = True
        self.asked: Counter[str] = Counter()
        self.before_answer: Callable[[], object] = lambda: None

    def fetch(self, url: str) -> bytes:
        self.asked[url] += 1
        self.before_answer()
        if not self.is_up:
            raise outbound.Unreachable(outbound.shown(url), "nobody is there")
        return json.dumps({"keys": self.keys}).encode()


class Clock:
    def __init__(self) -> None:
        self.secs = 1000.0

    def __call__(self) -> float:
        return self.secs


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(provider: Provider, clock: Clock) -> JwksCache:
    return JwksCache(fetch=provider.fetch, clock=clock)


def test_keys_are_fetched_once_an_hour(cache: JwksCache, provider: Provider, clock: Clock) -> None:
    for secs in range(0, HOUR + 1, 60):
        clock.secs = 1000 + secs
        assert cache.key(URL, "ed-1", "EdDSA") == ED25519_KEY.public_key()
    assert provider.asked[URL] == 1
    clock.secs += 1
    cache.key(URL, "ed-1", "EdDSA")
    assert provider.asked[URL] == 2


def test_old_keys_serve_for_a_day_while_the_provider_is_down(
    cache: JwksCache, provider: Provider, clock: Clock
) -> None:
    cache.key(URL, "ed-1", "EdDSA")
    provider.is_up = False
    clock.secs += 24 * HOUR
    assert cache.key(URL, "ed-1", "EdDSA") == ED25519_KEY.public_key()
    clock.secs += 61
    with pytest.raises(KeysUnavailable, match="nobody is there"):
        cache.key(URL, "ed-1", "EdDSA")


def test_a_bad_document_counts_as_being_down(cache: JwksCache, provider: Provider, clock: Clock) -> None:
    cache.key(URL, "ed-1", "EdDSA")
    provider.keys = [ED25519_JWK | {"d": "AA"}]
    clock.secs += 2 * HOUR
    assert cache.key(URL, "ed-1", "EdDSA") == ED25519_KEY.public_key()
    assert provider.asked[URL] == 2


def test_a_provider_that_comes_back_is_asked_again(
    cache: JwksCache, provider: Provider, clock: Clock
) -> None:
    provider.is_up = False
    with pytest.raises(KeysUnavailable):
        cache.key(URL, "ed-1", "EdDSA")
    provider.is_up = True
    with pytest.raises(KeysUnavailable):
        cache.key(URL, "ed-1", "EdDSA")
    clock.secs += 60
    assert cache.key(URL, "ed-1", "EdDSA") == ED25519_KEY.public_key()


def test_a_dead_provider_is_asked_once_a_minute(cache: JwksCache, provider: Provider, clock: Clock) -> None:
    provider.is_up = False
    for _ in range(600):
        with pytest.raises(KeysUnavailable):
            cache.key(URL, "ed-1", "EdDSA")
        clock.secs += 1
    assert provider.asked[URL] == 10


def test_a_flood_of_kids_asks_once_a_minute(cache: JwksCache, provider: Provider, clock: Clock) -> None:
    for number in range(10_000):
        with pytest.raises(UnknownKey):
            cache.key(URL, f"guess-{number}", "EdDSA")
        clock.secs += 0.03
    assert provider.asked[URL] <= 6


def test_a_rotated_key_is_found_within_a_minute(cache: JwksCache, provider: Provider, clock: Clock) -> None:
    cache.key(URL, "ed-1", "EdDSA")
    provider.keys = [ED25519_JWK | {"kid": "ed-2"}]
    with pytest.raises(UnknownKey):
        cache.key(URL, "ed-2", "EdDSA")
    clock.secs += 60
    assert cache.key(URL, "ed-2", "EdDSA") == ED25519_KEY.public_key()
    with pytest.raises(UnknownKey):
        cache.key(URL, "ed-1", "EdDSA")


def test_providers_do_not_share_keys_or_limits(cache: JwksCache, provider: Provider) -> None:
    cache.key(URL, "ed-1", "EdDSA")
    cache.key("https://login.globex.example/jwks", "ed-1", "EdDSA")
    assert set(provider.asked.values()) == {1}
    assert len(provider.asked) == 2


def test_threads_that_come_at_once_ask_once(provider: Provider, clock: Clock) -> None:
    cache = JwksCache(fetch=provider.fetch, clock=clock)
    started = threading.Barrier(9)
    provider.before_answer = lambda: proceed.wait(5)
    proceed = threading.Event()
    found: list[object] = []

    def look_up() -> None:
        started.wait(5)
        found.append(cache.key(URL, "ed-1", "EdDSA"))

    threads = [threading.Thread(target=look_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    started.wait(5)
    proceed.set()
    for thread in threads:
        thread.join(5)
    assert len(found) == 8
    assert provider.asked[URL] == 1


def test_whoever_has_old_keys_does_not_wait_for_another_threads_fetch(
    cache: JwksCache, provider: Provider, clock: Clock
) -> None:
    cache.key(URL, "ed-1", "EdDSA")
    clock.secs += 2 * HOUR
    asking, proceed = threading.Event(), threading.Event()

    def hold() -> None:
        asking.set()
        assert proceed.wait(5)

    provider.before_answer = hold
    slow = threading.Thread(target=cache.key, args=(URL, "ed-1", "EdDSA"))
    slow.start()
    assert asking.wait(5)
    assert cache.key(URL, "ed-1", "EdDSA") == ED25519_KEY.public_key()
    assert slow.is_alive()
    proceed.set()
    slow.join(5)
    assert provider.asked[URL] == 2


def test_memory_is_bounded_to_the_addresses_used_last(provider: Provider, clock: Clock) -> None:
    cache = JwksCache(fetch=provider.fetch, clock=clock, most_urls=3)
    urls = [f"https://login.example/{number}" for number in range(4)]
    for url in [*urls[:3], urls[0], urls[3], urls[0]]:
        cache.key(url, "ed-1", "EdDSA")
    assert [provider.asked[url] for url in urls] == [1, 1, 1, 1]
    cache.key(urls[1], "ed-1", "EdDSA")
    assert provider.asked[urls[1]] == 2
    assert provider.asked[urls[0]] == 1


def test_messages_show_the_address_without_its_query(provider: Provider, cache: JwksCache) -> None:
    with pytest.raises(UnknownKey) as unknown:
        cache.key(URL + "?key=hush", "x", "EdDSA")
    assert URL in str(unknown.value)
    assert "hush" not in str(unknown.value)


LOCAL = outbound.AddressPolicy(schemes=frozenset({"http"}), allow_private=True)


def test_a_document_is_fetched_over_the_network() -> None:
    with serving(answering(json.dumps(KEY_SET).encode())) as server:
        key = JwksCache(policy=LOCAL).key(server.url("/jwks"), "ed-1", "EdDSA")
    assert key == ED25519_KEY.public_key()
    assert b"Accept: application/jwk-set+json, application/json\r\n" in server.requests[0]


@pytest.mark.parametrize("status", ["204 Empty", "302 Found", "404 Missing", "500 Broken"])
def test_any_status_but_200_means_no_keys(status: str) -> None:
    with (
        serving(answering(json.dumps(KEY_SET).encode(), status=status)) as server,
        pytest.raises(KeysUnavailable, match=status[:3]),
    ):
        fetch_document(server.url(), policy=LOCAL)


def test_without_a_policy_only_public_addresses_are_asked() -> None:
    with serving(answering(json.dumps(KEY_SET).encode())) as server:
        with pytest.raises(KeysUnavailable, match="only public addresses"):
            JwksCache().key(server.url(scheme="https"), "ed-1", "EdDSA")
        assert server.accepted == 0
