"""From a host to the addresses that may be connected to: looked up once, and what was checked is used."""

import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Final

from videobroker.outbound.addresses import IPAddress, objection
from videobroker.outbound.deadlines import Deadline
from videobroker.outbound.errors import AddressRefused, TimedOut, Unreachable
from videobroker.outbound.targets import AddressPolicy, Target

# Takes a host and a port, gives the addresses as text; raises OSError if the name has none.
Resolver = Callable[[str, int], Sequence[str]]

_lookup_slots: Final = threading.BoundedSemaphore(64)


def system_resolver(host: str, port: int) -> list[str]:
    """What the operating system says, in the order it prefers."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def permitted_addresses(
    target: Target, policy: AddressPolicy, resolver: Resolver, deadline: Deadline
) -> tuple[IPAddress, ...]:
    """The addresses of `target`, at least one, all of them allowed by `policy`.

    One forbidden address among them refuses the whole name: a name that points both outside and inside is an
    attack or a mistake, and never a reason to pick the harmless half. The message does not tell the address,
    because it would show a tenant how our internal names resolve.
    """
    addresses = (target.literal,) if target.literal else _look_up(target, resolver, deadline)
    for address in addresses:
        kind = objection(address, allow_private=policy.allow_private)
        if kind is not None:
            raise AddressRefused(
                target.shown, f"the host has {kind} address; only public addresses are used", reason="address"
            )
    return addresses


def _look_up(target: Target, resolver: Resolver, deadline: Deadline) -> tuple[IPAddress, ...]:
    lookup = _Lookup(target, resolver)
    try:
        return lookup.addresses(deadline)
    except TimeoutError as error:
        raise TimedOut(target.shown, "the host's name was not resolved in time") from error
    except (OSError, ValueError) as error:
        raise Unreachable(target.shown, "the host's name does not resolve; check its spelling") from error


class _Lookup(threading.Thread):
    """A lookup that can be abandoned: the system's resolver knows no deadline, so it runs beside us.

    The number of lookups under way is bounded, so that names which hang cannot pile up threads.
    """

    def __init__(self, target: Target, resolver: Resolver) -> None:
        super().__init__(daemon=True, name=f"lookup of {target.host}")
        self._target = target
        self._resolver = resolver
        self._found: Sequence[str] = ()
        self._failure: OSError | ValueError | None = None

    def addresses(self, deadline: Deadline) -> tuple[IPAddress, ...]:
        if not _lookup_slots.acquire(timeout=deadline.remaining_secs()):
            raise TimeoutError("too many lookups are under way")
        self._begin()
        self.join(deadline.remaining_secs())
        if self.is_alive():
            raise TimeoutError("the lookup takes too long")
        if self._failure is not None:
            raise self._failure
        if not self._found:
            raise OSError("the lookup gave no address")
        return tuple(ip_address(text) for text in self._found)

    def _begin(self) -> None:
        try:
            self.start()
        except RuntimeError as error:
            _lookup_slots.release()
            raise OSError("the system has no thread left for the lookup") from error

    def run(self) -> None:
        try:
            self._found = self._resolver(self._target.host, self._target.port)
        except (OSError, ValueError) as error:
            self._failure = error
        finally:
            _lookup_slots.release()
