"""One event is one line, and no line holds a secret."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from videobroker.secret import Secret

# Our API keys and refresh tokens, Telnyx's keys, and any JWT. A net below the rule that nobody logs these.
SECRETS: Final = re.compile(
    r"\b(?:vb[kr]_[0-9A-Za-z]{8,}|KEY[0-9A-Za-z]{10,}(?:_\w+)?|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*)"
)
# C0 and C1 controls and the bidirectional overrides: what could forge a line or reverse it on a screen.
UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def masked(text: str) -> str:
    """`text` with everything that looks like one of our or Telnyx's secrets replaced by `***`."""
    return SECRETS.sub(Secret.MASK, text)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", masked(value))
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value if isinstance(value, int | float | bool | None) else _clean(str(value))


def clean_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: every value masked and made printable; tracebacks keep their lines as escapes."""
    return {key: value if key.startswith("_") else _clean(value) for key, value in event.items()}


def logging_config(form: str, level: str) -> None:
    """Send structlog's and the standard library's logs to stderr, as JSON lines or as text."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.stdlib.PositionalArgumentsFormatter(),
        clean_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    last: Any = (
        structlog.processors.JSONRenderer(default=str)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("urllib3", "kombu", "amqp", "celery.redirected"):
        logging.getLogger(noisy).setLevel("WARNING")
    # A caller's mistake is answered to the caller; only our own faults belong in the log.
    logging.getLogger("django.request").setLevel("ERROR")
