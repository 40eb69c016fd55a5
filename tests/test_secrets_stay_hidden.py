"""A story in which much goes wrong, and then a search for every secret in it: in the logs, in every column and file of
the database, in Redis, in the messages to workers, in what callers were refused with, and on the console's pages."""

import base64
import io
import logging
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone

from rooms import following, operations, reconciling
from rooms.models import Composition, Operation, Room
from tests.admin.crawling import pages
from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.rooms import compositions
from tests.rooms.orders import settle
from tests.rooms.webhooks import Post
from tests.simulated import Simulator, wait_until
from tests.tokens.doors import mint, refresh
from tests.videobroker.api import logs, redises
from tests.videobroker.tenants.disguises import disguises, shown_in
from tokens.models import Grant
from videobroker.secret import Secret
from videobroker.tenants import keyring, signing
from videobroker.tenants.models import SigningKey, User

PASSWORD = "correct horse battery staple"


@dataclass
class Story:
    """What is secret in it, and all that it left behind."""

    secrets: dict[str, str] = field(default_factory=dict)
    logs: dict[str, io.StringIO] = field(default_factory=dict)
    messages: list[bytes] = field(default_factory=list)
    refusals: list[Answer] = field(default_factory=list)
    redis: bytes = b""

    def keep(self, who: str, minted: Json) -> Json:
        """Note what a client was given."""
        for name in ("token", "refresh_token"):
            self.secrets[f"{name} of {who}"] = minted[name]
            self.secrets[f"last part of the {name} of {who}"] = minted[name][-40:]
        return minted

    def refused(self, answer: Answer) -> Answer:
        self.refusals.append(answer)
        assert answer.status >= 400
        return answer


@contextmanager
def everything_is_noted(story: Story, folder: Path, settings: Any) -> Iterator[None]:
    """Logs in both forms, messages to workers as they go out, and a Redis of our own."""

    def note(body: Any, headers: Any, **_: Any) -> None:
        story.messages.append(repr((headers, body)).encode())

    before_task_publish.connect(note)
    try:
        with ExitStack() as stack:
            server = stack.enter_context(redises.running(folder))
            settings.REDIS_URL = server.url
            story.logs = {
                form: stack.enter_context(logs.kept(form, logging.DEBUG)) for form in ("json", "text")
            }
            yield
            story.redis = server.everything()
    finally:
        before_task_publish.disconnect(note)


@contextmanager
def lost_key(settings: Any) -> Iterator[None]:
    """The operator started the house with another KEY_RING."""
    right = settings.KEY_RING
    settings.KEY_RING = Secret("other:" + base64.b64encode(b"\7" * 32).decode())
    keyring.keyring.cache_clear()
    yield
    settings.KEY_RING = right
    keyring.keyring.cache_clear()


def people_come_in(story: Story, acme: Company, room: Json) -> None:
    """With either way of renewing, and with answers kept under an idempotency key."""
    bo, ana = acme.person("bo"), acme.person("ana")
    key = {"Idempotency-Key": "once"}
    minted = story.keep("bo", mint(bo, room, key).data)
    assert mint(bo, room, key).data == minted
    story.keep("bo, later", refresh(bo, room, minted["refresh_token"]).data)
    acme.change(refresh_strategy="upstream")
    minted = story.keep("ana", mint(ana, room).data)
    story.keep("ana, later", refresh(ana, room, minted["refresh_token"]).data)
    kept = Grant.objects.get(pk=minted["grant_id"]).upstream_refresh_token
    assert kept is not None
    story.secrets["Telnyx's refresh token"] = kept.reveal()
    story.keep("the back end", mint(acme.back_end, room).data)


def people_are_recorded(story: Story, acme: Company, room: Json, simulator: Simulator) -> None:
    """Links to the file come in webhooks, in lists, and when one is asked for; only who downloads it is given one."""
    acme.back_end.patch(
        f"/v2/rooms/{room['id']}", {"enable_recording": True, "webhook_event_url": "http://127.0.0.1/hook"}
    )
    settle()
    minted = story.keep("bo, on camera", mint(acme.person("bo"), room).data)
    bo = str(simulator.join(minted["token"], minted["context"])["participant_id"])
    film = str(simulator.start_recording(bo)["id"])
    simulator.complete_recording(film)
    told = simulator.webhooks(room_id=minted["telnyx_room_id"])
    Post(acme.row.account).deliver(told)
    note_link(story, "the webhook", told[-1]["payload"]["download_url"])
    ours = Room.objects.select_related("account", "tenant").get(pk=room["id"])
    in_a_list = made_up_link(story, "a list")
    simulator.fault("mutate", "list_room_recordings", field="data.0.download_url", value=in_a_list)
    simulator.fault("mutate", "list_room_recordings", field="data.0.size_mb", value=7.5)
    reconciling.reconcile(ours, now=timezone.now())
    reconciling.check_account(ours.account, now=timezone.now())
    path = f"/v2/room_recordings/{acme.back_end.get('/v2/room_recordings').data[0]['id']}"
    it_is_downloaded(story, acme, path, simulator, "view_room_recording")
    simulator.clear_faults()


def their_film_is_made(story: Story, acme: Company, room: Json, simulator: Simulator, settings: Any) -> None:
    """Links to what was composed come in the same ways, and when Telnyx is asked how far it is."""
    settings.PUBLIC_URL = compositions.OURS
    session = acme.back_end.get("/v2/room_sessions", {"filter[room_id]": room["id"]}).data[0]
    asked = acme.back_end.post(compositions.PATH, {"session_id": session["id"]})
    settle()
    told = wait_until(lambda: simulator.webhooks(event_type="video.room.composition.completed"))
    in_a_list = made_up_link(story, "a list of compositions")
    simulator.fault("mutate", "list_room_compositions", field="data.0.download_url", value=in_a_list)
    following.go_through(acme.row.account, now=timezone.now())
    film = compositions.row(asked.data)
    assert film.completed_at is not None
    note_link(story, "the webhook of a composition", told[0]["payload"]["download_url"])
    post = Post(acme.row.account)
    post.deliver(told)
    assert post.states()[-1] == "applied"
    when_asked = made_up_link(story, "a composition that is asked about")
    seen = simulator.fault("mutate", "view_room_composition", field="data.download_url", value=when_asked)
    Composition.objects.filter(pk=film.pk).update(ask_due_at=timezone.now())
    following.ask_due(timezone.now())
    assert simulator.see_fault(seen)["fired"] == 1
    simulator.clear_faults()
    it_is_downloaded(story, acme, compositions.path(film), simulator, "view_room_composition")
    simulator.clear_faults()


def it_is_downloaded(story: Story, acme: Company, path: str, simulator: Simulator, asked: str) -> None:
    """By those who may, and once when the link leads elsewhere."""
    for asker in (acme.back_end, acme.person("ana")):
        note_link(story, f"download {len(story.secrets)}", asker.get(f"{path}/download").headers["Location"])
    elsewhere = made_up_link(story, f"a link to elsewhere at {path}", host="evil.example")
    simulator.fault("mutate", asked, field="data.download_url", value=elsewhere)
    story.refused(acme.back_end.get(f"{path}/download"))


def made_up_link(story: Story, where: str, *, host: str = "files.telnyx.com") -> str:
    """A link that Telnyx could show there."""
    link = f"https://{host}/film?signature={secrets.token_hex(24)}"
    note_link(story, where, link)
    return link


def note_link(story: Story, where: str, link: str) -> None:
    story.secrets[f"what opens the file of {where}"] = link.partition("signature=")[2]


def telnyx_misbehaves(story: Story, acme: Company, room: Json, simulator: Simulator) -> None:
    """It refuses, repeats our secrets to us, answers in rags, or not at all."""
    bo, told = (
        acme.person("bo"),
        f"no such key {acme.telnyx_key}, no such token {story.secrets['token of bo']}",
    )
    faults: list[dict[str, Any]] = [
        {"kind": "status", "status": 401, "detail": told},
        {"kind": "status", "status": 422, "detail": told, "shape": "message"},
        {"kind": "status", "status": 500, "detail": told},
        {"kind": "malformed", "body": f"<h1>{told}</h1>"},
        {"kind": "malformed", "body": f'{{"data": "{told}"}}', "content_type": "application/json"},
        {"kind": "mutate", "field": "data.token_expires_at", "value": told},
        {"kind": "truncate_json"},
        {"kind": "redirect", "location": f"http://127.0.0.1:9/{acme.telnyx_key}"},
        {"kind": "reset"},
        {"kind": "rate_limit"},
    ]
    for fault in faults:
        simulator.fault(fault.pop("kind"), "create_room_client_token", **fault)
        story.refused(mint(bo, room))
        simulator.clear_faults()
    simulator.fault("status", "create_room", status=422, detail=told)
    made = acme.back_end.post("/v2/rooms", {}).data
    for operation_id in Operation.objects.filter(room=made["id"]).values_list("pk", flat=True):
        operations.carry_out(operation_id)
    assert Operation.objects.filter(room=made["id"]).exclude(last_error="").exists()
    simulator.clear_faults()


def callers_misbehave(story: Story, acme: Company, room: Json) -> None:
    """They put their secrets where they do not belong."""
    bo, key = acme.person("bo"), acme.api_key
    old = story.secrets["refresh_token of bo"]
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    for asker in (Asker(wrong), Asker(acme.login_token("bo", exp=1)), Asker(acme.login_token("bo")[:-9])):
        story.secrets[f"what {len(story.secrets)} showed"] = str(asker.bearer)
        story.refused(asker.get("/v2/rooms"))
    story.refused(bo.get("/v2/rooms", {"refresh_token": old}))
    story.refused(bo.get("/v2/rooms", {"page[size]": old}))
    story.refused(refresh(bo, room, old + "x"))
    story.refused(mint(bo, room, display_name=[old], identity=old))
    story.refused(
        bo.post(
            f"/v2/rooms/{room['id']}/actions/refresh_client_token", f'{{"refresh_token": "{old}"'.encode()
        )
    )
    path = f"/v2/rooms/{room['id']}/actions/refresh_client_token"
    for body in ({"token": old}, f'{{"refresh_token": "{old}"'.encode(), [old]):
        story.refused(bo.post(path, body))
    story.refused(refresh(acme.person("ana"), room, old))


def the_house_breaks(story: Story, acme: Company, room: Json, settings: Any) -> None:
    with lost_key(settings):
        answer = story.refused(mint(acme.person("bo"), room))
    assert answer.refusal == (500, "internal_error")


@pytest.fixture
def story(
    transactional_db: None,
    acme: Company,
    demo_room: Json,
    simulator: Simulator,
    settings: Any,
    tmp_path: Path,
) -> Story:
    settings.TELNYX_TIMEOUT_SECS = 3.0
    story = Story()
    story.secrets = {
        "API key": acme.api_key,
        "secret part of the API key": acme.api_key[16:59],
        "Telnyx key": acme.telnyx_key,
        "provider's secret": acme.provider_secret,
        "operator's password": PASSWORD,
        "login of bo": acme.login_token("bo"),
        "key ring": settings.KEY_RING.reveal().partition(":")[2],
        "SECRET_KEY": settings.SECRET_KEY,
    }
    with everything_is_noted(story, tmp_path, settings):
        people_come_in(story, acme, demo_room)
        people_are_recorded(story, acme, demo_room, simulator)
        their_film_is_made(story, acme, demo_room, simulator, settings)
        telnyx_misbehaves(story, acme, demo_room, simulator)
        callers_misbehave(story, acme, demo_room)
        the_house_breaks(story, acme, demo_room, settings)
        wait_until(lambda: story.messages)
    signing.current_key(signing.Purpose.WEBHOOK)
    for key in SigningKey.objects.all():
        story.secrets[f"{key.purpose} key"] = base64.b64encode(key.private_key().private_bytes_raw()).decode()
    return story


def every_column() -> bytes:
    """Every row of every table."""
    return "\n".join(
        repr(row) for model in apps.get_models() for row in model._base_manager.values()
    ).encode()


def database_files() -> bytes:
    """The bytes of the database file and its log, where the database is a file."""
    if connection.vendor != "sqlite":
        return b""
    path = Path(str(connection.settings_dict["NAME"]))
    files = [found for found in path.parent.glob(f"{path.name}*") if found.is_file()]
    assert files
    return b"\n".join(found.read_bytes() for found in files)


def console_pages() -> bytes:
    """Every page that an operator can open."""
    User.objects.create_superuser("olga", password=PASSWORD)
    browser = Client()
    browser.force_login(User.objects.get(username="olga"), "django.contrib.auth.backends.ModelBackend")
    walked = dict(pages(browser))
    assert len(walked) > 20
    return "\n".join(walked.values()).encode()


def listings(asker: Asker) -> bytes:
    """All that a back end can read."""
    paths = (
        "rooms", "bans", "operations", "grants", "room_sessions", "room_participants", "room_recordings",
        "room_compositions", "webhook_deliveries", "audit_entries",
    )  # fmt: skip
    return b"\n".join(asker.get(f"/v2/{path}").raw for path in paths)


def test_no_secret_is_found_anywhere_after_much_went_wrong(story: Story, acme: Company) -> None:
    left_behind = {
        "the log as JSON": story.logs["json"].getvalue().encode(),
        "the log as text": story.logs["text"].getvalue().encode(),
        "messages to workers": b"\n".join(story.messages),
        "Redis": story.redis,
        "refusals": b"\n".join(answer.raw + repr(answer.headers).encode() for answer in story.refusals),
        "lists": listings(acme.back_end),
        "the console": console_pages(),
        "the tables": every_column(),
        "the database's files": database_files(),
    }
    for happened in (b"telnyx_failed", b"KeyRingError", b"operation_tried", b"download_link_refused"):
        assert happened in left_behind["the log as JSON"] + left_behind["the log as text"]
    empty = {place for place, found in left_behind.items() if not found}
    assert empty <= ({"the database's files"} if connection.vendor != "sqlite" else set())
    assert {place: shown_in(found, story.secrets) for place, found in left_behind.items()} == {
        place: [] for place in left_behind
    }


def test_the_search_would_find_a_secret_in_any_disguise() -> None:
    secret = "KEY-0123/456+789?abc def"
    for before in ("", "x", "xy", "xyz"):
        for after in ("", "x", "xy"):
            whole = (before + secret + after).encode()
            assert any(each in base64.b64encode(whole) for each in disguises(secret))
            assert any(each in base64.urlsafe_b64encode(whole) for each in disguises(secret))
            assert shown_in(whole.hex().encode(), {"it": secret}) == ["it"]
            assert shown_in(whole, {"it": secret, "other": "another secret"}) == ["it"]
