"""Requests to addresses that tenants name, made so that they reach the public internet and nothing else."""

from videobroker.outbound.errors import (
    AddressRefused,
    BadAnswer,
    OutboundError,
    TimedOut,
    TlsFailed,
    TooLarge,
    Unreachable,
)
from videobroker.outbound.fetching import Answer, fetch
from videobroker.outbound.resolving import Resolver
from videobroker.outbound.targets import AddressPolicy, Target, shown

__all__ = [
    "AddressPolicy",
    "AddressRefused",
    "Answer",
    "BadAnswer",
    "OutboundError",
    "Resolver",
    "Target",
    "TimedOut",
    "TlsFailed",
    "TooLarge",
    "Unreachable",
    "fetch",
    "shown",
]
