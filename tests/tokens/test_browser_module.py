"""videobroker.js as it is handed out: small, typed, and loadable from anywhere."""

import re
from pathlib import Path

import pytest
import rjsmin
from django.contrib.staticfiles import finders
from django.test import Client

LARGEST_BYTES = 4096


def text_of(name: str) -> str:
    found = finders.find(name)
    assert isinstance(found, str), name
    return Path(found).read_text(encoding="utf-8")


def test_it_is_smaller_than_four_kilobytes() -> None:
    assert len(rjsmin.jsmin(text_of("videobroker.js")).encode()) < LARGEST_BYTES


def test_it_needs_nothing_else() -> None:
    assert re.findall(r"^import |import\((?!\")", text_of("videobroker.js"), re.MULTILINE) == []


def test_each_option_that_it_takes_is_typed_and_no_other() -> None:
    source, types = text_of("videobroker.js"), text_of("videobroker.d.ts")
    (taken,) = re.findall(r"joinToken\(\{ (.*?), \.\.\.callbacks \}\)", source)
    named = {each.split(" =")[0] for each in taken.split(", ")} | set(re.findall(r'"(on[A-Z]\w+)"', source))
    (options,) = re.findall(r"interface JoinOptions \{(.*?)\n\}", types, re.DOTALL)
    assert set(re.findall(r"^  (\w+)\??:", options, re.MULTILINE)) == named


@pytest.mark.parametrize(
    ("name", "kind"), [("videobroker.js", "text/javascript"), ("videobroker.d.ts", "text/plain")]
)
@pytest.mark.django_db
def test_pages_of_any_origin_may_load_it(name: str, kind: str) -> None:
    answer = Client().get(f"/static/{name}", headers={"Origin": "https://meet.acme.example"})
    answer.close()
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Content-Type"].startswith(kind)
