"""What the house logs, as it would stand in its log."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def kept(form: str = "json", level: int = logging.WARNING) -> Iterator[io.StringIO]:
    """Everything from `level` up that is logged while the block runs, line by line, as `json` or as `text`."""
    text, root = io.StringIO(), logging.getLogger()
    usual = root.level
    handler = logging.StreamHandler(text)
    handler.setFormatter(_formatter(form))
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield text
    finally:
        root.setLevel(usual)
        root.removeHandler(handler)


def _formatter(form: str) -> logging.Formatter:
    """The formatter in use, with the last step that this form has."""
    ours = next(
        handler.formatter
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)
    )
    last = (
        structlog.processors.JSONRenderer(default=str)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=ours.foreign_pre_chain,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )
