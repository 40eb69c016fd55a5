"""What a page in a browser may ask the control API, wherever the page comes from: to do what Telnyx's client SDK does.

Each of these takes a client token or the id of a participant, which only those who are in the room know. The rest of
the control API says everything it knows and does whatever it is told, and asks for no key: so no page may read it, nor
call it blindly, and no name of somebody else's may lead a page here (DNS rebinding).
"""

import ipaddress
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from videobroker.simulator import errors
from videobroker.simulator.errors import Refusal
from videobroker.simulator.exchange import Answer, Call, Headers
from videobroker.simulator.routing import Router

FOR_PAGES: Final = frozenset({"join", "renew", "leave", "speak", "view_participant", "view_company"})
_ANY_ORIGIN: Final[Headers] = (("Access-Control-Allow-Origin", "*"),)
_PREFLIGHT: Final[Headers] = (
    *_ANY_ORIGIN,
    ("Access-Control-Allow-Methods", "GET, POST"),
    ("Access-Control-Allow-Headers", "content-type"),
    ("Access-Control-Max-Age", "600"),
)


def permission(router: Router, call: Call) -> Answer | None:
    """The answer to a browser that asks whether a page may call this; None if it may not, or if nobody asks."""
    if call.method != "OPTIONS":
        return None
    asked = (router.find(replace(call, method=method)) for method in ("GET", "POST"))
    may = any(route is not None and route.operation in FOR_PAGES for route in asked)
    return Answer(204, None, _PREFLIGHT) if may else None


def readable(answer: Answer, call: Call) -> Answer:
    """The answer, so that a page may read it if the call was one for pages."""
    if call.operation not in FOR_PAGES:
        return answer
    return replace(answer, headers=(*answer.headers, *_ANY_ORIGIN))


def check_host(call: Call, public_url: str) -> None:
    """Refuse who was led here by a name that anybody might have made: whoever registers one can let it point at the
    machine of who looks at their page. Addresses are nobody's, and names without a dot are not to be had."""
    name = _host_in(f"//{call.host}")
    known = (
        "." not in name or _is_address(name) or name.endswith(".localhost") or name == _host_in(public_url)
    )
    if not known:
        detail = "The simulator is not known by this host name: use its address, or give it as --public-url."
        raise Refusal(421, errors.NOT_AUTHORISED, detail)


def check_origin(call: Call) -> None:
    """Refuse what a page asks that is not for pages. A browser sends what looks like a form without asking first, so
    that the page cannot read the answer is not enough."""
    if call.origin and call.operation not in FOR_PAGES:
        detail = "Pages may only do what the client SDK does; this is for tests and command lines."
        raise Refusal(403, errors.NOT_AUTHORISED, detail)


def _host_in(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # brackets that hold no address
        return url


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
