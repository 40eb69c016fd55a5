"""Which devices are in: seen by oneself, by a room's moderators, and by back ends."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.tokens.doors import enter, grant_of, mint, revoke, stay
from tests.tokens.passing import Time


def ids(answer: Answer) -> set[str]:
    return {grant["id"] for grant in answer.data}


@pytest.fixture
def rooms(acme: Company) -> tuple[Json, Json]:
    """One room that ana moderates, and one where she only takes part."""
    return (
        acme.new_room({"ana": "moderator", "bo": "participant"}),
        acme.new_room({"ana": "participant", "bo": "moderator"}),
    )


def test_a_person_sees_their_own_and_those_of_the_rooms_they_moderate(
    acme: Company, rooms: tuple[Json, Json]
) -> None:
    here, there = rooms
    hers = {enter(acme.person("ana"), room)["grant_id"] for room in rooms}
    his_here = enter(acme.person("bo"), here)["grant_id"]
    his_there = enter(acme.person("bo"), there)["grant_id"]
    assert ids(acme.person("ana").get("/v2/grants")) == {*hers, his_here}
    assert ids(acme.person("bo").get("/v2/grants")) == {
        his_here,
        his_there,
        *ids(
            acme.person("ana").get("/v2/grants", {"filter[identity]": "ana", "filter[room_id]": there["id"]})
        ),
    }


def test_a_back_end_sees_all(acme: Company, rooms: tuple[Json, Json]) -> None:
    minted = {enter(acme.person("bo"), room)["grant_id"] for room in rooms}
    own = enter(acme.back_end, rooms[0])["grant_id"]
    assert ids(acme.back_end.get("/v2/grants")) == {*minted, own}


def test_a_stranger_sees_none(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    assert acme.person("cy").get("/v2/grants").data == []
    assert acme.person("cy").get(f"/v2/grants/{minted['grant_id']}").refusal == (404, "not_found")


def test_one_is_seen_by_who_may_see_it_in_the_list(acme: Company, rooms: tuple[Json, Json]) -> None:
    here, there = rooms
    in_hers, not_in_hers = enter(acme.person("bo"), here), enter(acme.person("bo"), there)
    assert grant_of(acme.person("ana"), in_hers)["identity"] == "bo"
    assert acme.person("ana").get(f"/v2/grants/{not_in_hers['grant_id']}").status == 404
    assert acme.person("bo").get(f"/v2/grants/{not_in_hers['grant_id']}").status == 200


def test_it_shows_these_fields_and_nothing_secret(acme: Company, demo_room: Json) -> None:
    shown = grant_of(acme.person("bo"), enter(acme.person("bo"), demo_room))
    assert set(shown) == {
        "id", "record_type", "room_id", "identity", "display_name", "role", "state", "device", "created_at",
        "last_refreshed_at", "client_token_expires_at", "refresh_expires_at", "expires_at", "revoked_at",
        "revoked_because",
    }  # fmt: skip
    assert (shown["record_type"], shown["state"], shown["room_id"]) == ("grant", "open", demo_room["id"])


def test_filters_narrow_the_list(acme: Company, rooms: tuple[Json, Json]) -> None:
    here, there = rooms
    bo_here = enter(acme.person("bo"), here)["grant_id"]
    bo_there = enter(acme.person("bo"), there)["grant_id"]
    ana_here = enter(acme.person("ana"), here)["grant_id"]
    ask = acme.back_end.get
    assert ids(ask("/v2/grants", {"filter[room_id]": here["id"]})) == {bo_here, ana_here}
    assert ids(ask("/v2/grants", {"filter[identity]": "bo"})) == {bo_here, bo_there}
    assert ids(ask("/v2/grants", {"filter[identity]": "bo", "filter[room_id]": here["id"]})) == {bo_here}
    assert ids(ask("/v2/grants", {"filter[room_id]": str(uuid.uuid4())})) == set()


def test_states_are_told_apart(acme: Company, demo_room: Json, time: Time) -> None:
    over = enter(acme.person("bo"), demo_room, refresh_token_ttl_secs=60)["grant_id"]
    revoked = enter(acme.person("bo"), demo_room)["grant_id"]
    revoke(acme.person("bo"), demo_room, grant_id=revoked)
    time.passes(61)
    still_open = enter(acme.person("bo"), demo_room)["grant_id"]
    for state, grant in [("open", still_open), ("expired", over), ("revoked", revoked)]:
        shown = acme.back_end.get("/v2/grants", {"filter[state]": state})
        assert ids(shown) == {grant}
        assert [found["state"] for found in shown.data] == [state]
    assert acme.back_end.get("/v2/grants", {"filter[state]": "minting"}).data == []


def test_days_of_minting_narrow_the_list(acme: Company, demo_room: Json) -> None:
    enter(acme.person("bo"), demo_room)
    today = datetime.now(UTC).date()
    yesterday = today - timedelta(days=1)
    assert len(acme.back_end.get("/v2/grants", {"filter[date_created_at][gte]": yesterday}).data) == 1
    assert acme.back_end.get("/v2/grants", {"filter[date_created_at][lte]": yesterday}).data == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"filter[state]": "asleep"}, "filter[state]"),
        ({"filter[room_id]": "demo"}, "filter[room_id]"),
        ({"filter[token]": "vbr_x"}, "filter[token]"),
        ({"filter[date_created_at][gte]": "yesterday"}, "filter[date_created_at][gte]"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(acme: Company, query: Json, parameter: str) -> None:
    refused = acme.back_end.get("/v2/grants", query)
    assert refused.status == 400
    assert refused.error["source"] == {"parameter": parameter}


def test_the_newest_come_first_page_by_page(acme: Company, demo_room: Json) -> None:
    minted = [enter(acme.person("bo"), demo_room)["grant_id"] for _ in range(3)]
    pages = [acme.back_end.get("/v2/grants", {"page[size]": 2, "page[number]": page}) for page in (1, 2)]
    assert [len(page.data) for page in pages] == [2, 1]
    assert set(minted) == ids(pages[0]) | ids(pages[1])
    assert pages[0].body["meta"] == {
        "page_number": 1, "page_size": 2, "total_pages": 2, "total_results": 3,
    }  # fmt: skip


def test_a_refresh_shows(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    assert grant_of(acme.person("bo"), minted)["last_refreshed_at"] is None
    stay(acme.person("bo"), demo_room, minted["refresh_token"])
    assert grant_of(acme.person("bo"), minted)["last_refreshed_at"] is not None


def test_seeing_them_takes_a_login_and_the_scope(acme: Company) -> None:
    assert Asker().get("/v2/grants").status == 401
    assert acme.key_with("tokens:mint").get("/v2/grants").refusal == (403, "missing_scope")


def test_a_suspended_tenant_still_sees_its_own(acme: Company, demo_room: Json) -> None:
    enter(acme.person("bo"), demo_room)
    acme.change(status="suspended")
    assert len(acme.back_end.get("/v2/grants").data) == 1
    assert mint(acme.person("bo"), demo_room).refusal == (403, "tenant_suspended")
