"""Every page of the console that somebody can reach, by following its links."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

from django.test import Client

LINK = re.compile(r'(?:href|action)="([^"]+)"')
# Signing out ends the walk; the rest is Django's script of translations.
LEFT_OUT = ("/admin/logout/", "/admin/jsi18n/")

# Sorted and filtered lists show rows that the whole list shows; those of one room, and new rows in it, are linked.
LINKED = re.compile(r"(room(__exact)?=[^&]+)?")


def pages(browser: Client, under: str = "/admin/", most: int = 400) -> Iterator[tuple[str, str]]:
    """Paths `under` one, with their bodies, each page once."""
    waiting, seen = [under], {under}
    while waiting:
        path = waiting.pop()
        answer = browser.get(path, follow=True)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        body = answer.content.decode()
        yield path, body
        for link in _links(path, body):
            if link.startswith(under) and link not in seen:
                seen.add(link)
                waiting.append(link)
        assert len(seen) < most, f"more than {most} pages: {sorted(seen)[-5:]}"


def _links(path: str, body: str) -> Iterator[str]:
    for found in LINK.finditer(body):
        parts = urlsplit(urljoin(path, unescape(found[1])))
        if parts.netloc or not parts.path.startswith("/admin/") or parts.path.startswith(LEFT_OUT):
            continue
        if parts.path.endswith("/download/"):  # leads to a file at Telnyx
            continue
        if LINKED.fullmatch(parts.query):
            yield f"{parts.path}?{parts.query}" if parts.query else parts.path
