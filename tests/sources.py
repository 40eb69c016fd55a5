"""The product's source, read as text: what it says without being run."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.pages import ROOT

# Where an argument of these is the word that a caller is given as `meta.reason`.
REASON_AT = {
    "forbidden": 0,
    "conflict": 0,
    "unavailable": 0,
    "not_now": 0,
    "not_handed_out": 0,
    "_refused": 0,
    "LoginRefused": 0,
    "ApiKeyRefused": 0,
    "Admission": 1,
    "AuthenticationFailed": 1,
    "PermissionDenied": 1,
    "Fault": 2,
}
REASON_AS_KEYWORD = {"bad_request", "invalid", "throttled"}
LOG_METHODS = {"info", "warning", "error", "exception"}


def sources(*without: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the product, but for those in packages named `without`."""
    for top in ("videobroker", "rooms", "tokens"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if not {"migrations", *without}.intersection(path.parts):
                yield path, ast.parse(path.read_text(encoding="utf-8"))


def calls(*without: str) -> Iterator[ast.Call]:
    for _, module in sources(*without):
        yield from (node for node in ast.walk(module) if isinstance(node, ast.Call))


def reasons() -> set[str]:
    """The reasons that are written out in the code."""
    found: set[str] = set()
    for call in calls("simulator", "outbound", "telnyx"):
        name = _name(call.func)
        if name in REASON_AT and len(call.args) > REASON_AT[name]:
            found |= _texts(call.args[REASON_AT[name]])
        if name in REASON_AS_KEYWORD:
            found |= {
                text for given in call.keywords if given.arg == "reason" for text in _texts(given.value)
            }
    return found


def words() -> set[str]:
    """Every text that is written out anywhere in the code."""
    found: set[str] = set()
    for _, module in sources("simulator"):
        for node in ast.walk(module):
            found |= _texts(node)
    return found


def log_events() -> set[str]:
    """The names of the events that the broker logs."""
    found: set[str] = set()
    for call in calls("simulator", "running"):
        method = call.func
        if isinstance(method, ast.Attribute) and method.attr in LOG_METHODS and _name(method.value) == "log":
            found |= _texts(call.args[0])
    return found


def settings_read() -> dict[str, ast.expr | None]:
    """The variables that settings.py reads, with the default as it is written; the last reading counts."""
    module = ast.parse((ROOT / "videobroker/settings.py").read_text(encoding="utf-8"))
    read: dict[str, ast.expr | None] = {}
    for call in (node for node in ast.walk(module) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and _name(call.func.value) == "env":
            default = next((given.value for given in call.keywords if given.arg == "default"), None)
            read |= dict.fromkeys(_texts(call.args[0]), default)
    return read


def _name(node: ast.expr) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def _texts(node: ast.AST) -> set[str]:
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()
