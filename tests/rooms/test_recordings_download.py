"""The way to a recording's file: for whom, where to, and what is left of it: an audit entry and nothing else."""

import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from rooms import downloading
from rooms.models import Ban, Deletion, Recording
from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.rooms.films import Studio
from tests.scenes import remembered
from tests.simulated import Simulator
from tests.tokens.doors import audited

VIEW = "view_room_recording"


@pytest.fixture
@remembered
def film(studio: Studio) -> Recording:
    return studio.recorded("bo")


def download(asker: Asker, film: Recording) -> Answer:
    return asker.get(f"/v2/room_recordings/{film.pk}/download")


def links_to(simulator: Simulator, link: object) -> None:
    """From now on Telnyx says that the file is there."""
    simulator.fault("mutate", VIEW, field="data.download_url", value=link)


class TestForWhom:
    @pytest.mark.parametrize("who", ["the back end", "ana"])
    def test_a_fresh_link_that_opens_the_file(
        self, studio: Studio, film: Recording, acme: Company, who: str
    ) -> None:
        asker = acme.back_end if who == "the back end" else acme.person(who)
        first, second = download(asker, film), download(asker, film)
        assert (first.status, first.raw) == (302, b"")
        assert first.headers["Location"] != second.headers["Location"]
        assert first.headers["Cache-Control"] == "no-store"
        assert first.headers["Referrer-Policy"] == "no-referrer"
        opened = requests.get(first.headers["Location"], timeout=10)
        assert (opened.status_code, opened.headers["Content-Type"]) == (200, "video/webm")

    def test_it_is_audited(self, studio: Studio, film: Recording, acme: Company) -> None:
        download(acme.person("ana"), film)
        assert audited(studio.room, "recording.downloaded") == [("ana", str(film.pk), "")]

    def test_asking_for_the_headers_alone_takes_no_file(
        self, studio: Studio, film: Recording, acme: Company
    ) -> None:
        for asker in (acme.back_end, acme.person("ana"), acme.person("cy")):
            answer = asker.ask("HEAD", f"/v2/room_recordings/{film.pk}/download", None)
            assert (answer.status, answer.headers["Allow"]) == (405, "GET")
            assert "Location" not in answer.headers
        assert audited(studio.room, "recording.downloaded") == []
        assert studio.simulator.calls(VIEW) == []

    @pytest.mark.parametrize("who", ["bo", "cy"])
    def test_not_for_others_of_the_tenant_and_that_is_audited(
        self, studio: Studio, film: Recording, acme: Company, who: str
    ) -> None:
        assert download(acme.person(who), film).refusal == (404, "not_found")
        assert audited(studio.room, "recording.downloaded") == [(who, str(film.pk), "not_found")]
        assert studio.simulator.calls(VIEW) == []

    def test_not_for_a_moderator_who_was_banned(self, studio: Studio, film: Recording, acme: Company) -> None:
        Ban.objects.create(tenant=acme.row, room_id=studio.room["id"], identity="ana", created_by="test")
        assert download(acme.person("ana"), film).refusal == (404, "not_found")
        assert audited(studio.room, "recording.downloaded") == [("ana", str(film.pk), "not_found")]
        assert studio.simulator.calls(VIEW) == []

    def test_for_another_tenant_it_never_was(self, studio: Studio, film: Recording, globex: Company) -> None:
        for asker in (globex.back_end, globex.person("gus")):
            refused = asker.get(f"/v2/room_recordings/{film.pk}/download", X_Request_Id="same")
            never = asker.get(f"/v2/room_recordings/{uuid.uuid4()}/download", X_Request_Id="same")
            assert (refused.status, refused.raw) == (404, never.raw)
        assert studio.simulator.calls(VIEW) == []

    def test_not_before_it_is_complete(self, studio: Studio, acme: Company) -> None:
        assert download(acme.back_end, studio.filming("bo")).refusal == (409, "not_complete")

    def test_nor_while_telnyx_has_no_file_of_it(
        self, film: Recording, acme: Company, simulator: Simulator
    ) -> None:
        links_to(simulator, None)
        assert download(acme.back_end, film).refusal == (409, "not_complete")

    def test_a_suspended_tenant_may_look_at_what_it_has(self, film: Recording, acme: Company) -> None:
        acme.change(status="suspended")
        assert download(acme.back_end, film).status == 302


class TestTelnyxSaysNo:
    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            ({"kind": "status", "status": 500}, "upstream_unavailable"),
            ({"kind": "reset"}, "upstream_unavailable"),
            ({"kind": "timeout", "secs": 0.5}, "upstream_unavailable"),
            ({"kind": "malformed", "body": "<html>"}, "upstream_unavailable"),
            ({"kind": "rate_limit", "reset": "7"}, "upstream_rate_limited"),
            ({"kind": "status", "status": 401}, "upstream_credentials"),
            ({"kind": "status", "status": 403}, "upstream_credentials"),
            ({"kind": "status", "status": 422}, "upstream_refused"),
        ],
        ids=str,
    )
    def test_the_caller_is_told_to_come_back(
        self, studio: Studio, film: Recording, acme: Company, fault: Json, reason: str
    ) -> None:
        told = dict(fault)
        studio.simulator.fault(told.pop("kind"), VIEW, **told)
        refused = download(acme.back_end, film)
        assert refused.refusal == (503, reason)
        assert "Location" not in refused.headers
        assert int(refused.headers["Retry-After"]) >= 1
        assert audited(studio.room, "recording.downloaded") == []

    def test_what_telnyx_has_no_more_is_gone_and_leaves_a_receipt(
        self, studio: Studio, film: Recording, acme: Company
    ) -> None:
        studio.lost_at_telnyx(film)
        assert download(acme.back_end, film).refusal == (404, "gone_upstream")
        receipt = Deletion.objects.get()
        assert (receipt.footage_id, receipt.cause, receipt.state) == (film.pk, "vanished", "done")
        assert download(acme.back_end, film).refusal == (404, "not_found")

    def test_a_file_of_another_session_is_not_handed_out(
        self, film: Recording, acme: Company, simulator: Simulator
    ) -> None:
        simulator.fault("mutate", VIEW, field="data.session_id", value=str(uuid.uuid4()))
        refused = download(acme.back_end, film)
        assert refused.refusal == (503, "upstream_mismatch")
        assert "a file of another session" in refused.error["detail"]


class TestWhereTo:
    """Whoever can write into Telnyx's answers must not be able to send our people anywhere."""

    @pytest.mark.parametrize(
        "link",
        [
            "https://files.telnyx.com/a?X-Amz-Signature=b",
            "https://s3.eu-central-1.amazonaws.com/bucket/a.webm?X-Amz-Credential=c%2Fd&X-Amz-Signature=b",
            "https://bucket.s3.amazonaws.com/a.webm",
            f"https://us-east-1.telnyxcloudstorage.com/a?{'a' * 4000}",
            "https://files.telnyx.com:8443/a",
        ],
        ids=lambda link: link[:50],
    )
    def test_to_where_telnyx_keeps_files(
        self, film: Recording, acme: Company, simulator: Simulator, link: str
    ) -> None:
        links_to(simulator, link)
        found = download(acme.back_end, film)
        assert (found.status, found.headers["Location"]) == (302, link)

    @pytest.mark.parametrize(
        "link",
        [
            "https://evil.example/a", "https://telnyx.com.evil.example/a", "https://eviltelnyx.com/a",
            "http://files.telnyx.com/a", "HTTP://files.telnyx.com/a", "ftp://telnyx.com/a", "//files.telnyx.com/a",
            "/v2/rooms", "javascript:alert(1)", "data:text/html,hello", "https://telnyx.com@evil.example/a",
            "https://evil.example\\@telnyx.com/a", "https://evil.example#.telnyx.com/", "https://evil.example?.telnyx.com",
            "https://192.0.2.7/a", "https://127.0.0.1/a", "https://[::1]/a", "https://localhost/a", "https://telnyx.com./a",
            "http://127.0.0.1:1/_files/a", "http://127.0.0.1/a", "https://files.telnyx.com:22/a", " https://telnyx.com/",
            "https://files.telnyx.com/a b", "https://files.telnyx.com/\r\nSet-Cookie: a=b", "https://télnyx.com/a",
            "https://", "https:files.telnyx.com", f"https://files.telnyx.com/{'a' * 9000}", "x",
        ],
        ids=lambda link: repr(link[:50]),
    )  # fmt: skip
    def test_and_to_nowhere_else(
        self, film: Recording, acme: Company, simulator: Simulator, link: str
    ) -> None:
        links_to(simulator, link)
        refused = download(acme.back_end, film)
        assert refused.status == 503
        assert refused.reason in {"upstream_untrusted_link", "upstream_unavailable"}
        assert "Location" not in refused.headers

    def test_the_operator_says_to_which_hosts(
        self, film: Recording, acme: Company, simulator: Simulator, settings: Any
    ) -> None:
        links_to(simulator, "https://files.example.net/a")
        for hosts, status in ((["example.net"], 302), (["other.example.net"], 503), (["*"], 302), ([], 503)):
            settings.DOWNLOAD_HOSTS = hosts
            assert download(acme.back_end, film).status == status, hosts

    def test_where_everything_is_allowed_it_still_has_to_be_public_and_https(self, settings: Any) -> None:
        settings.DOWNLOAD_HOSTS = ["*"]
        assert downloading.objection("https://anything.example/a") is None
        for link in (
            "http://anything.example/a",
            "https://10.0.0.1/a",
            "https://8.8.8.8/a",
            "https://intranet/a",
        ):
            assert downloading.objection(link) is not None, link

    def test_the_simulators_own_address_will_do_and_no_other_on_this_machine(
        self, simulator: Simulator, settings: Any
    ) -> None:
        settings.TELNYX_API_BASE = simulator.api_base
        address = urlsplit(simulator.url).netloc
        assert downloading.objection(f"http://{address}/_files/a?b=c") is None
        for link in (f"http://{address}.evil.example/a", f"http://{address}1/a", f"http://x@{address}/a"):
            assert downloading.objection(link) is not None, link

    def test_a_real_account_makes_no_exception_for_this_machine(self, settings: Any) -> None:
        settings.TELNYX_API_BASE = "https://api.telnyx.com/v2"
        assert downloading.objection("http://127.0.0.1:8001/_files/a") is not None
        assert downloading.objection("https://api.telnyx.com/files/a") is None


def test_a_refused_links_secret_is_not_logged(
    film: Recording, acme: Company, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    links_to(simulator, "https://u:opens-sesame@evil.example/opens-sesame?signature=opens-sesame")
    download(acme.back_end, film)
    assert "download_link_refused" in caplog.text
    assert "evil.example" in caplog.text
    assert "opens-sesame" not in caplog.text
