"""How often one may ask. Counted atomically in Redis/Valkey; by each process for itself while that is away."""

import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import structlog
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from videobroker.tenants.callers import Caller
from videobroker.tenants.client_addresses import client_address

log = structlog.get_logger(__name__)

# How long a process counts for itself after Redis failed it, before it asks again.
REDIS_REST_SECS: Final = 5.0
Limiter = SlidingWindowCounterRateLimiter


class Counter:
    """One limiter in Redis, one in memory, and the rule when to use which."""

    def __init__(self, redis_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        at_most: dict[str, Any] = {"socket_timeout": 0.25, "socket_connect_timeout": 0.25}
        options = {**at_most, "retry": Retry(NoBackoff(), 0)}
        self._shared = Limiter(
            RedisStorage(redis_url, wrap_exceptions=True, key_prefix="vb:throttle", **options)
        )
        self._own = Limiter(MemoryStorage())
        self._clock = clock
        self._shared_again_at = 0.0

    def hit(self, limit: RateLimitItem, key: str) -> tuple[bool, int, float]:
        """Count one request under `key`: whether it is within `limit`, how many are left, seconds to more."""
        if self._clock() >= self._shared_again_at:
            try:
                return _hit(self._shared, limit, key)
            except StorageError as error:
                self._shared_again_at = self._clock() + REDIS_REST_SECS
                log.warning("throttles_count_locally", because=str(error.storage_error), secs=REDIS_REST_SECS)
        return _hit(self._own, limit, key)


def _hit(limiter: Limiter, limit: RateLimitItem, key: str) -> tuple[bool, int, float]:
    within = limiter.hit(limit, key)
    window = limiter.get_window_stats(limit, key)
    return within, window.remaining, max(0.0, window.reset_time - time.time())


def counter() -> Counter:
    """The process's counter. `cache` alone would give each of the threads that come first one of its own."""
    with _making:
        return _counter_in(settings.REDIS_URL)


@cache
def _counter_in(redis_url: str) -> Counter:
    return Counter(redis_url)


_making: Final = threading.Lock()


class Throttle(BaseThrottle):
    """Base of throttles: says whom it counts and how many a minute; remembers what to tell the caller."""

    name: str
    wait_secs: float | None = None

    def per_minute(self, caller: Caller) -> int:
        raise NotImplementedError(f"{type(self).__name__} must say how many a minute")

    def key(self, caller: Caller) -> str | None:
        raise NotImplementedError(f"{type(self).__name__} must say whom it counts")

    def allow_request(self, request: Request, view: APIView) -> bool:
        caller: object = request.user
        if not isinstance(caller, Caller) or (key := self.key(caller)) is None:
            return True
        quota = self.per_minute(caller)
        within, left, reset_secs = counter().hit(RateLimitItemPerMinute(quota), f"{self.name}:{key}")
        self.wait_secs = None if within else max(1.0, reset_secs)
        _tell(request, self.name, quota, left, reset_secs)
        return within

    def wait(self) -> float | None:
        return self.wait_secs


class TenantThrottle(Throttle):
    """All requests of one tenant."""

    name = "tenant"

    def per_minute(self, caller: Caller) -> int:
        fallback: int = settings.REQUESTS_PER_MINUTE_OF_TENANT
        return caller.the_tenant.requests_per_minute or fallback

    def key(self, caller: Caller) -> str | None:
        return str(caller.the_tenant.pk)


class IdentityThrottle(Throttle):
    """All requests of one person."""

    name = "identity"

    def per_minute(self, caller: Caller) -> int:
        quota: int = settings.REQUESTS_PER_MINUTE_OF_IDENTITY
        return quota

    def key(self, caller: Caller) -> str | None:
        return None if caller.is_back_end else f"{caller.the_tenant.pk}:{caller.subject}"


class MintThrottle(Throttle):
    """The tokens one tenant gets minted and refreshed."""

    name = "mints"

    def per_minute(self, caller: Caller) -> int:
        return caller.the_tenant.mints_per_minute

    def key(self, caller: Caller) -> str | None:
        return str(caller.the_tenant.pk)


class IdentityMintThrottle(Throttle):
    """The tokens one person gets minted and refreshed: nobody may use up what their tenant has."""

    name = "your-mints"

    def per_minute(self, caller: Caller) -> int:
        quota: int = settings.MINTS_PER_MINUTE_OF_IDENTITY
        return quota

    def key(self, caller: Caller) -> str | None:
        return None if caller.is_back_end else f"{caller.the_tenant.pk}:{caller.subject}"


class AddressThrottle(BaseThrottle):
    """Requests of one address that come without a login. Where a login is optional, nobody may try without end."""

    wait_secs: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        signed_in: object = request.user
        if signed_in is not None:
            return True
        quota: int = settings.REQUESTS_PER_MINUTE_OF_ADDRESS
        limit, key = RateLimitItemPerMinute(quota), f"address:{client_address(request._request)}"
        within, left, reset_secs = counter().hit(limit, key)
        self.wait_secs = None if within else max(1.0, reset_secs)
        _tell(request, "address", quota, left, reset_secs)
        return within

    def wait(self) -> float | None:
        return self.wait_secs


def _tell(request: Request, name: str, quota: int, left: int, reset_secs: float) -> None:
    told: dict[str, Any] = request._request.__dict__.setdefault("rate_limits", {})
    told[name] = (f'"{name}";q={quota};w=60', f'"{name}";r={max(0, left)};t={round(reset_secs)}')


def rate_limit_headers(request: Request) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers) for all that was counted."""
    told = request._request.__dict__.get("rate_limits", {})
    if not told:
        return {}
    policies, states = zip(*told.values(), strict=True)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}
