"""Whoever cannot see the console hears what each control is: nothing to press or to fill in is without a name."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from rooms.models import Room
from tests.admin.crawling import pages
from tests.admin.filling import fill
from tests.cast import Company

VOID = {"input", "img", "br", "hr", "link", "meta", "source", "col", "wbr"}


class Control:
    """One element of a page that somebody acts on, and what it is called."""

    def __init__(self, tag: str, attributes: dict[str, str], inside: list[str]) -> None:
        self.tag, self.attributes, self.inside = tag, attributes, inside
        self.words: list[str] = []

    def name(self, page: "Outline") -> str:
        own = [self.attributes.get("aria-label", ""), self.attributes.get("title", ""), *self.words]
        labelled = self.attributes.get("aria-labelledby", "").split()
        own += [page.texts.get(each, "") for each in labelled]
        if self.tag == "input" and self.attributes.get("type") in {"submit", "button", "reset"}:
            own.append(self.attributes.get("value", ""))
        if self.tag in {"input", "select", "textarea"}:
            own.append(page.labels.get(self.attributes.get("id", ""), ""))
            own += [page.labels_around.get(id(self), "")]
        return " ".join(own).strip()


class Outline(HTMLParser):
    """The controls, labels and ids of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.controls: list[Control] = []
        self.labels: dict[str, str] = {}
        self.labels_around: dict[int, str] = {}
        self.texts: dict[str, str] = {}
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.language = ""
        self._open: list[tuple[str, dict[str, str], Control | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "html":
            self.language = attributes.get("lang", "")
        control = self._control(tag, attributes)
        if tag == "img":
            self._say(attributes.get("alt", ""))
        if tag not in VOID:
            self._open.append((tag, attributes, control))

    def _control(self, tag: str, attributes: dict[str, str]) -> Control | None:
        acts = tag in {"button", "select", "textarea", "summary"} or (tag == "a" and "href" in attributes)
        # Django hides a user name of its own by a class, for the browser's store of passwords.
        hidden = attributes.get("type") == "hidden" or attributes.get("class") == "hidden"
        if tag == "input" and not hidden:
            acts = True
        if not acts:
            return None
        control = Control(tag, attributes, [each for each, _, _ in self._open])
        self.controls.append(control)
        for each, _, _ in self._open:
            if each == "label":
                self.labels_around[id(control)] = "label"
        return control

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & {tag for tag, _, _ in self._open}:
            self._say(data.strip())

    def _say(self, words: str) -> None:
        for tag, attributes, control in self._open:
            if control is not None:
                control.words.append(words)
            if tag == "label" and "for" in attributes:
                self.labels[attributes["for"]] = f"{self.labels.get(attributes['for'], '')} {words}"
            if "id" in attributes:
                self.texts[attributes["id"]] = f"{self.texts.get(attributes['id'], '')} {words}".strip()
            if tag == "h1":
                self.headings.append(words)


def nameless(page: Outline) -> Iterator[str]:
    for control in page.controls:
        if not control.name(page):
            yield f"<{control.tag} {control.attributes}>"


def check(browser: Client) -> int:
    seen = 0
    for path, body in pages(browser):
        page = Outline(body)
        assert not list(nameless(page)), path
        assert len(page.ids) == len(set(page.ids)), path
        assert page.headings, path
        assert page.language, path
        seen += 1
    return seen


def test_every_control_that_a_moderator_meets_has_a_name(ana: Client, acme: Company, demo: Room) -> None:
    fill(acme, "ours", demo)
    assert check(ana) > 30


def test_every_control_that_an_operator_meets_has_a_name(olga: Client, acme: Company, demo: Room) -> None:
    fill(acme, "ours", demo)
    assert check(olga) > 60


def test_a_control_without_a_name_would_be_found() -> None:
    bare = '<input id="x"><a href="/"><img src="y"></a><button></button><select aria-label="z"></select>'
    assert len(list(nameless(Outline(bare)))) == 3
