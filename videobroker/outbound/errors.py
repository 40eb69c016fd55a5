"""Why a request to an address that a tenant named gave no answer.

Every message starts with the address as `targets.shown` writes it, so without query and userinfo: those may
carry credentials.
"""


class OutboundError(Exception):
    """No usable answer came. `reason` is a stable word for programs; the message is for people."""

    reason = "outbound_failed"

    def __init__(self, shown_url: str, why: str) -> None:
        super().__init__(f"{shown_url}: {why}")
        self.shown_url = shown_url
        self.why = why


class AddressRefused(OutboundError):
    """The policy forbids this address. Nothing was sent and no connection was opened.

    `reason` says which rule: `malformed`, `scheme`, `userinfo`, `fragment`, `port`, `host` or `address`.
    """

    def __init__(self, shown_url: str, why: str, *, reason: str) -> None:
        super().__init__(shown_url, why)
        self.reason = reason


class Unreachable(OutboundError):
    """The name does not resolve, nobody listens, or the connection broke before the answer was whole."""

    reason = "unreachable"


class TimedOut(OutboundError):
    """The time for the whole exchange ran out; whether the other side acted on the request is unknown."""

    reason = "timed_out"


class TlsFailed(OutboundError):
    """The other side could not prove to be the host that the address names. Nothing was sent to it."""

    reason = "tls_failed"


class TooLarge(OutboundError):
    """The answer, or its head, is larger than the caller takes."""

    reason = "too_large"


class BadAnswer(OutboundError):
    """What came back is not a whole HTTP answer in an encoding we read."""

    reason = "bad_answer"
