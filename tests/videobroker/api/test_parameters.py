"""Query parameters: what is not known, not readable, empty or doubled is refused, never ignored."""

from typing import Final
from urllib.parse import quote

import pytest
from django.utils import timezone

from rooms import reconciling
from rooms.models import Room
from tests.asking import Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.videobroker.api.error_shape import assert_in_shape

LISTS: Final = {
    "/v2/rooms": ["unique_name", "date_created_at", "date_updated_at"],
    "/v2/rooms/{room_id}/members": ["identity", "role"],
    "/v2/rooms/{room_id}/bans": ["identity", "active"],
    "/v2/rooms/{room_id}/sessions": ["active", "date_created_at", "date_updated_at", "date_ended_at"],
    "/v2/room_sessions": ["active", "room_id"],
    "/v2/room_participants": [
        "context",
        "identity",
        "session_id",
        "room_id",
        "date_joined_at",
        "date_left_at",
    ],
    "/v2/room_compositions": ["date_created_at", "session_id", "room_id", "status"],
    "/v2/room_recordings": [
        "date_started_at",
        "date_ended_at",
        "room_id",
        "session_id",
        "participant_id",
        "identity",
        "status",
        "type",
        "duration_secs",
        "held",
    ],
    "/v2/bans": ["identity", "active", "room_id"],
    "/v2/audit_entries": ["date_occurred_at", "action", "actor", "room_id", "identity", "outcome"],
    "/v2/operations": ["date_created_at", "room_id", "kind", "state"],
    "/v2/deletions": [
        "date_begun_at",
        "date_done_at",
        "room_id",
        "session_id",
        "kind",
        "cause",
        "state",
        "footage_id",
    ],
    "/v2/erasures": ["date_created_at", "date_finished_at", "identity", "state"],
    "/v2/holds": ["date_placed_at", "room_id", "identity", "recording_id", "composition_id", "active"],
    "/v2/grants": ["date_created_at", "room_id", "identity", "state"],
}
UNKNOWN: Final = (
    "colour", "filter", "filter[", "filter[]", "filter[tenant]", "filter[tenant__slug]", "page", "page[offset]",
    "order_by", "format", "_method", "filter[id][eq]", "Filter[identity]", "filter[identity][like]",
)  # fmt: skip
# Filters that take any text: a value that fits nothing answers with nothing.
FREE_TEXT: Final = {"unique_name", "identity", "context", "action", "actor"}
# Text that can be nobody's identity.
UNFIT: Final = ("\u202eeman", "a" * 2000)
GARBAGE: Final = (
    "'",
    "' OR '1'='1",
    "1; DROP TABLE rooms_room; --",
    '" OR ""="',
    "') UNION SELECT sealed_api_key FROM tenants_account --",
    "\\",
    "{}",
    "perhaps",
    "-1",
    "9" * 40,
    *UNFIT,
    "😀",
    "%s%n",
)


def filters_of(names: list[str]) -> list[str]:
    """The filters as they are asked for."""
    return [
        f"filter[{name}][{comparison}]" if comparison else f"filter[{name}]"
        for name in names
        for comparison in (("eq", "gte", "lte") if name.startswith("date_") else ("",))
    ]


@pytest.fixture
def filters(demo_room: Json) -> list[tuple[str, str]]:
    """Every list of the API with every filter that it has."""
    return [
        (route.format(room_id=demo_room["id"]), name)
        for route, names in LISTS.items()
        for name in filters_of(names)
    ]


def test_garbage_in_a_filter_is_refused_or_fits_nothing(
    filters: list[tuple[str, str]], acme: Company
) -> None:
    for where, name in filters:
        # Days are read by one field for all of them; a few values tell.
        for value in GARBAGE[:3] if name.startswith("filter[date_") else GARBAGE:
            answer = acme.back_end.get(where, {name: value})
            if name[7:-1] in FREE_TEXT and not (name == "filter[identity]" and value in UNFIT):
                assert (answer.status, answer.body.get("data")) == (200, []), (where, name, value)
            else:
                assert answer.status == 400, (where, name, value)
                assert answer.reason == "invalid_filter", (where, name, value)
                assert answer.error["source"] == {"parameter": name}
                assert_in_shape(answer)


def test_an_empty_filter_is_refused(filters: list[tuple[str, str]], acme: Company) -> None:
    for where, name in filters:
        for value in ("", " ", "\u3000"):
            answer = acme.back_end.get(where, {name: value})
            assert answer.refusal == (400, "empty_parameter"), (where, name, value)
            assert answer.error["source"] == {"parameter": name}


def test_nul_in_a_filter_is_refused(filters: list[tuple[str, str]], acme: Company) -> None:
    for where, name in filters:
        assert acme.back_end.get(where, {name: "a\0b"}).refusal == (400, "bad_text"), (where, name)


def test_an_unknown_parameter_is_refused(acme: Company, demo_room: Json) -> None:
    for route in LISTS:
        for name in UNKNOWN:
            answer = acme.back_end.get(route.format(room_id=demo_room["id"]), {name: "1"})
            assert answer.refusal == (400, "unknown_parameter"), (route, name)
            assert answer.error["source"] == {"parameter": name}
            assert answer.error["code"] == ("10031" if name.startswith("filter") else "10015")


def test_a_parameter_that_stands_twice_is_refused(acme: Company, demo_room: Json) -> None:
    for route, names in LISTS.items():
        name = quote(filters_of(names)[0])
        for query in (f"{name}=a&{name}=b", "page[size]=1&page[size]=1", "page%5Bsize%5D=1&page[size]=2"):
            answer = acme.back_end.get(f"{route.format(room_id=demo_room['id'])}?{query}")
            assert answer.refusal == (400, "doubled_parameter"), (route, query)


def test_parameters_are_refused_where_none_are_known(acme: Company, demo_room: Json) -> None:
    room = f"/v2/rooms/{demo_room['id']}"
    assert acme.back_end.ask("DELETE", f"{room}?force=true", None).refusal == (400, "unknown_parameter")
    assert acme.back_end.post(f"{room}/members?role=moderator", {"identity": "dot"}).status == 400
    assert acme.back_end.post(f"{room}/actions/generate_join_client_token?identity=ana").status == 400
    assert acme.back_end.get(f"{room}").status == 200


def test_a_malformed_query_breaks_nothing(acme: Company) -> None:
    for query in ("%", "%zz=1", "a=%ff", "=1", "a&b", "&&&", "a" * 3000):
        assert acme.back_end.get(f"/v2/rooms?{query}").status in {200, 400}, query


def test_a_page_that_cannot_be_is_refused(acme: Company) -> None:
    wrong = ("0", "-1", "1.5", "1e3", "0x10", "\u0663", "\u00b2", "1 ", "+1", "one", "9" * 30, "NaN")
    cases = [(name, value) for name in ("page[number]", "page[size]") for value in wrong]
    for name, value in [*cases, ("page[size]", "251"), ("page[number]", "10001")]:
        answer = acme.back_end.get("/v2/rooms", {name: value})
        assert answer.refusal == (400, "out_of_range"), (name, value)
        assert answer.error["code"] == "10033"
        assert answer.error["source"] == {"parameter": name}


def test_pages_hold_every_room_once_in_a_steady_order(acme: Company) -> None:
    made = {acme.new_room()["id"] for _ in range(7)}
    pages = [
        acme.back_end.get("/v2/rooms", {"page[size]": 3, "page[number]": number}) for number in (1, 2, 3, 4)
    ]
    assert [len(page.data) for page in pages] == [3, 3, 1, 0]
    assert {room["id"] for page in pages for room in page.data} == made
    assert [page.body["meta"] for page in pages] == [
        {"page_number": number, "page_size": 3, "total_pages": 3, "total_results": 7}
        for number in (1, 2, 3, 4)
    ]


def test_an_empty_list_has_no_pages(acme: Company) -> None:
    assert acme.back_end.get("/v2/rooms").body == {
        "data": [],
        "meta": {"page_number": 1, "page_size": 20, "total_pages": 0, "total_results": 0},
    }


def test_the_headers_alone_are_asked_for_with_the_same_parameters(acme: Company) -> None:
    for query, status in (
        ("page[size]=1&filter[unique_name]=a", 200),
        ("colour=red", 400),
        ("page[size]=0", 400),
    ):
        answer = acme.back_end.ask("HEAD", f"/v2/rooms?{query}", None)
        assert (answer.status, answer.raw) == (status, b"")


def test_the_largest_page_is_served(acme: Company) -> None:
    assert acme.back_end.get("/v2/rooms", {"page[size]": 250, "page[number]": 10_000}).data == []


def test_every_day_of_the_calendar_can_be_asked_for(acme: Company) -> None:
    for day in ("0001-01-01", "9999-12-31", "2024-02-29"):
        for comparison in ("eq", "gte", "lte"):
            answer = acme.back_end.get("/v2/rooms", {f"filter[date_created_at][{comparison}]": day})
            assert answer.status == 200, (day, comparison)


def test_what_is_no_day_is_refused(acme: Company) -> None:
    for day in ("2026-02-29", "2026-13-01", "12/31/2026", "2026-01-01T00:00:00Z", "20260101", "today"):
        answer = acme.back_end.get("/v2/rooms", {"filter[date_created_at][gte]": day})
        assert answer.refusal == (400, "invalid_filter"), day
        assert answer.error["detail"] == "this has to be a day, written YYYY-MM-DD, without a time"


def test_days_are_compared_in_utc_and_to_the_end_of_the_day(acme: Company) -> None:
    day = acme.new_room()["created_at"][:10]
    found = {
        comparison: len(acme.back_end.get("/v2/rooms", {f"filter[date_created_at][{comparison}]": day}).data)
        for comparison in ("eq", "gte", "lte")
    }
    assert found == {"eq": 1, "gte": 1, "lte": 1}
    later = {"filter[date_created_at][gte]": day, "filter[date_created_at][lte]": "2020-01-01"}
    assert acme.back_end.get("/v2/rooms", later).data == []


def test_a_yes_or_no_is_read_as_telnyx_writes_it(acme: Company) -> None:
    for identity in ("eve", "zed"):
        ban = acme.back_end.post("/v2/bans", {"identity": identity}).data
    acme.back_end.delete(f"/v2/bans/{ban['id']}")
    for word in ("true", "True", "false", "False"):
        listed = acme.back_end.get("/v2/bans", {"filter[active]": word}).data
        assert [ban["active"] for ban in listed] == [word.lower() == "true"]


def test_live_sessions_are_told_from_those_that_are_over(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    minted = acme.person("bo").post(f"/v2/rooms/{demo_room['id']}/actions/generate_join_client_token").data
    simulator.join(minted["token"], minted["context"])
    reconciling.reconcile(Room.objects.get(), now=timezone.now())
    for word in ("true", "True", "false", "False"):
        listed = acme.back_end.get("/v2/room_sessions", {"filter[active]": word}).data
        assert len(listed) == (word.lower() == "true")


@pytest.mark.parametrize(
    ("where", "filters", "allowed"),
    [
        ("/v2/room_recordings", {"filter[status]": "done"}, "completed, processing"),
        ("/v2/room_recordings", {"filter[type]": "film"}, "audio, video"),
        ("/v2/room_recordings", {"filter[held]": "maybe"}, "true, false"),
        ("/v2/room_compositions", {"filter[status]": "done"}, "enqueued, processing, completed"),
        ("/v2/bans", {"filter[active]": "yes"}, "true, false"),
        ("/v2/erasures", {"filter[state]": "done"}, "pending, waiting, finished"),
        ("/v2/grants", {"filter[state]": "closed"}, "minting, open, expired, revoked"),
        ("/v2/audit_entries", {"filter[outcome]": "no"}, "done, refused"),
    ],
)
def test_a_choice_that_there_is_not_is_told_those_that_there_are(
    acme: Company, where: str, filters: dict[str, str], allowed: str
) -> None:
    refused = acme.back_end.get(where, filters)
    assert refused.refusal == (400, "invalid_filter")
    assert refused.error["detail"] == f"this has to be one of: {allowed}"


def test_anything_else_is_neither_yes_nor_no(acme: Company) -> None:
    for word in ("1", "0", "yes", "TRUE", "null", "2", "unknown"):
        for path in ("/v2/bans", "/v2/room_sessions"):
            answer = acme.back_end.get(path, {"filter[active]": word})
            assert answer.refusal == (400, "invalid_filter"), word


def test_include_sessions_is_true_or_false(acme: Company, demo_room: Json) -> None:
    where = f"/v2/rooms/{demo_room['id']}"
    assert "sessions" not in acme.back_end.get(where).data
    assert "sessions" not in acme.back_end.get(where, {"include_sessions": "False"}).data
    for word in ("true", "True"):
        assert acme.back_end.get(where, {"include_sessions": word}).data["sessions"] == []
    refused = acme.back_end.get(where, {"include_sessions": "perhaps"})
    assert (refused.status, refused.error["source"]) == (400, {"parameter": "include_sessions"})


def test_nobody_has_an_identity_that_cannot_be_written(acme: Company, demo_room: Json) -> None:
    for identity in ("a\0b", " bo", "bo ", "b\u200bo", "\u202eob", "e\u0301", "a" * 256, "\n"):
        answer = acme.back_end.get(f"/v2/rooms/{demo_room['id']}/access", {"identity": identity})
        assert answer.status == 400, identity
        assert answer.error["source"] == {"parameter": "identity"}


def test_nor_can_a_list_be_filtered_by_one(acme: Company, demo_room: Json) -> None:
    for path in [
        path.format(room_id=demo_room["id"]) for path, names in LISTS.items() if "identity" in names
    ]:
        for identity in (" ana", "ana ", "a\u200bna", "e\u0301", "a" * 256, "erased: ana"):
            answer = acme.back_end.get(path, {"filter[identity]": identity})
            assert answer.refusal == (400, "invalid_filter"), (path, identity)
            assert answer.error["source"] == {"parameter": "filter[identity]"}
        for identity in ("an a", "\u00e9", "erased:0123456789abcdef0123456789abcdef"):
            assert acme.back_end.get(path, {"filter[identity]": identity}).status == 200, (path, identity)
