"""Recordings as they are shown: to whom, with whose they are, filtered and paged."""

import uuid
from datetime import timedelta

import pytest

from rooms import holding
from rooms.models import Footage, Recording
from tests.asking import Asker, Json
from tests.cast import Company
from tests.rooms.films import Studio
from tests.scenes import remembered
from tests.simulated import Simulator
from videobroker.tenants.callers import HOUSE

PATH = "/v2/room_recordings"
DOCUMENTED = {
    "id", "record_type", "room_id", "session_id", "participant_id", "type", "status", "codec", "duration_secs",
    "size_mb", "download_url", "created_at", "updated_at", "started_at", "ended_at", "completed_at",
}  # fmt: skip
OURS = {"identity", "display_name", "state", "held", "retain_until", "expires_at"}


def shown(asker: Asker, **filters: object) -> list[Json]:
    answer = asker.get(PATH, {f"filter[{name}]": value for name, value in filters.items()} or None)
    assert answer.status == 200, answer
    found: list[Json] = answer.data
    return found


def ids(asker: Asker, **filters: object) -> set[str]:
    return {each["id"] for each in shown(asker, **filters)}


class TestWhatIsShown:
    def test_a_complete_recording_with_whose_it_is_and_how_long_it_is_kept(
        self, studio: Studio, acme: Company
    ) -> None:
        film = studio.recorded("bo", "audio", duration_secs=90, size_mb=1.5)
        studio.gathering.asks()
        [only] = shown(acme.back_end)
        assert set(only) == DOCUMENTED | OURS
        assert acme.back_end.get(f"{PATH}/{film.pk}").data == only
        assert only | {
            "id": str(film.pk), "record_type": "room_recording", "room_id": studio.room["id"],
            "session_id": str(film.session_id), "participant_id": str(film.participant_id), "type": "audio",
            "status": "completed", "codec": "opus", "duration_secs": 90, "size_mb": 1.5, "identity": "bo",
            "display_name": "Bo", "state": "kept", "held": False, "retain_until": None,
        } == only  # fmt: skip
        assert all(
            only[name] for name in ("started_at", "ended_at", "completed_at", "expires_at", "updated_at")
        )

    def test_one_that_goes_on_has_no_file_and_no_end_yet(self, studio: Studio, acme: Company) -> None:
        studio.filming("bo")
        [only] = shown(acme.back_end)
        assert (only["status"], only["download_url"], only["completed_at"], only["expires_at"]) == (
            "processing", None, None, None,
        )  # fmt: skip

    def test_the_download_url_is_ours(self, studio: Studio, acme: Company, settings: object) -> None:
        film = studio.recorded("bo")
        [only] = shown(acme.back_end)
        assert only["download_url"] == f"http://testserver{PATH}/{film.pk}/download"
        settings.PUBLIC_URL = "https://video.example.com"
        [only] = shown(acme.back_end)
        assert only["download_url"] == f"https://video.example.com{PATH}/{film.pk}/download"

    def test_no_id_and_no_link_of_telnyxs_is_shown(self, studio: Studio, acme: Company) -> None:
        film = studio.recorded("bo")
        raw = acme.back_end.get(PATH).raw.decode()
        for secret in (film.telnyx_id, film.session.telnyx_id, film.participant.telnyx_id, "_files"):
            assert str(secret) not in raw

    def test_whoever_is_nameless_in_the_room_is_nameless_here(self, studio: Studio, acme: Company) -> None:
        studio.people["nobody"] = studio.gathering.comes("bo", context=None)
        studio.gathering.hear()
        film = studio.recorded("nobody")
        found = acme.back_end.get(f"{PATH}/{film.pk}").data
        assert (found["identity"], found["display_name"]) == (None, "")

    def test_what_is_held_says_so_also_if_it_was_recorded_after_the_hold(
        self, studio: Studio, acme: Company
    ) -> None:
        before = studio.recorded("ana")
        holding.place(HOUSE, acme.row, {"identity": "bo"}, reason="case 7", holder="legal")
        after = studio.recorded("bo")
        assert {each["id"]: each["held"] for each in shown(acme.back_end)} == {
            str(before.pk): False,
            str(after.pk): True,
        }

    @pytest.mark.parametrize("state", [Footage.State.DELETING, Footage.State.DELETED])
    def test_what_is_being_deleted_is_not_there_any_more(
        self, studio: Studio, acme: Company, state: str
    ) -> None:
        film = studio.recorded("bo")
        Recording.objects.update(state=state)
        assert shown(acme.back_end) == []
        for path in (f"{PATH}/{film.pk}", f"{PATH}/{film.pk}/download"):
            assert acme.back_end.get(path).refusal == (404, "not_found")

    def test_a_page_asks_as_often_for_one_as_for_many(
        self, studio: Studio, acme: Company, django_assert_max_num_queries: object
    ) -> None:
        for _ in range(5):
            studio.recorded("bo")
        with django_assert_max_num_queries(8):
            assert len(shown(acme.back_end)) == 5


class TestToWhom:
    def test_to_moderators_of_the_room_and_to_nobody_else_of_the_tenant(
        self, studio: Studio, acme: Company
    ) -> None:
        film = studio.recorded("bo")
        assert ids(acme.person("ana")) == {str(film.pk)}
        assert acme.person("ana").get(f"{PATH}/{film.pk}").status == 200
        for stranger in ("bo", "cy"):
            assert shown(acme.person(stranger)) == []
            assert acme.person(stranger).get(f"{PATH}/{film.pk}").refusal == (404, "not_found")

    def test_not_to_another_tenant(self, studio: Studio, globex: Company) -> None:
        film = studio.recorded("bo")
        never = globex.back_end.get(f"{PATH}/{uuid.uuid4()}", X_Request_Id="same")
        for asker in (globex.back_end, globex.person("gus"), globex.person("ana")):
            assert shown(asker) == []
            assert asker.get(f"{PATH}/{film.pk}", X_Request_Id="same").raw == never.raw

    def test_a_deleted_rooms_recordings_are_its_owners_alone(self, studio: Studio, acme: Company) -> None:
        film = studio.recorded("bo")
        studio.over()
        assert acme.back_end.delete(f"/v2/rooms/{studio.room['id']}").status == 204
        assert ids(acme.back_end) == {str(film.pk)}
        assert shown(acme.person("ana")) == []

    def test_not_to_a_key_without_the_scope(self, studio: Studio, acme: Company) -> None:
        film = studio.recorded("bo")
        narrow = acme.key_with("rooms:read", "recordings:write")
        for path in (PATH, f"{PATH}/{film.pk}", f"{PATH}/{film.pk}/download"):
            assert narrow.get(path).refusal == (403, "missing_scope")


class TestFilters:
    @pytest.fixture
    @remembered
    def films(self, studio: Studio, acme: Company, simulator: Simulator) -> dict[str, Recording]:
        """Two of bo, one of which goes on, one of ana, and one in another room."""
        other = Studio.of(acme, simulator, {"ana": "moderator"})
        return {
            "sound": studio.recorded("bo", "audio", duration_secs=30),
            "going on": studio.filming("bo"),
            "ana": studio.recorded("ana", duration_secs=90),
            "elsewhere": other.recorded("ana", duration_secs=31),
        }

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({"status": "processing"}, ["going on"]),
            ({"status": "completed"}, ["sound", "ana", "elsewhere"]),
            ({"type": "audio"}, ["sound"]),
            ({"type": "video"}, ["going on", "ana", "elsewhere"]),
            ({"duration_secs": 31}, ["ana", "elsewhere"]),
            ({"duration_secs": 0}, ["sound", "ana", "elsewhere"]),
            ({"identity": "bo"}, ["sound", "going on"]),
            ({"identity": "bo", "type": "video"}, ["going on"]),
            ({"identity": "nobody"}, []),
            ({"held": "false"}, ["sound", "going on", "ana", "elsewhere"]),
            ({"held": "true"}, []),
        ],
        ids=str,
    )
    def test_by_what_it_is(
        self, films: dict[str, Recording], acme: Company, filters: Json, expected: list[str]
    ) -> None:
        assert ids(acme.back_end, **filters) == {str(films[each].pk) for each in expected}

    @pytest.mark.parametrize("name", ["room_id", "session_id", "participant_id"])
    def test_by_where_and_whose(self, films: dict[str, Recording], acme: Company, name: str) -> None:
        for film in films.values():
            wanted = getattr(film, name)
            same = {str(each.pk) for each in films.values() if getattr(each, name) == wanted}
            assert ids(acme.back_end, **{name: wanted}) == same
        assert ids(acme.back_end, **{name: uuid.uuid4()}) == set()

    def test_by_the_days_of_its_beginning_and_its_end(
        self, films: dict[str, Recording], acme: Company
    ) -> None:
        films["sound"].started_at -= timedelta(days=3)
        films["sound"].ended_at = films["sound"].started_at
        films["sound"].save()
        day = f"{films['sound'].started_at:%Y-%m-%d}"
        for name in ("date_started_at", "date_ended_at"):
            asked = acme.back_end.get(PATH, {f"filter[{name}][eq]": day}).data
            assert [each["id"] for each in asked] == [str(films["sound"].pk)]
            until = acme.back_end.get(PATH, {f"filter[{name}][lte]": day}).data
            assert [each["id"] for each in until] == [str(films["sound"].pk)]
        later = acme.back_end.get(PATH, {"filter[date_started_at][gte]": day}).data
        assert len(later) == 4

    def test_by_whether_it_is_held(self, films: dict[str, Recording], acme: Company) -> None:
        holding.place(HOUSE, acme.row, {"recording": films["ana"]}, reason="case 7", holder="legal")
        assert ids(acme.back_end, held="true") == {str(films["ana"].pk)}
        assert str(films["ana"].pk) not in ids(acme.back_end, held="false")

    def test_a_page_at_a_time(self, films: dict[str, Recording], acme: Company) -> None:
        first = acme.back_end.get(PATH, {"page[size]": 3})
        assert first.body["meta"] == {
            "page_number": 1, "page_size": 3, "total_pages": 2, "total_results": 4,
        }  # fmt: skip
        second = acme.back_end.get(PATH, {"page[size]": 3, "page[number]": 2})
        assert {each["id"] for each in (*first.data, *second.data)} == {
            str(film.pk) for film in films.values()
        }
