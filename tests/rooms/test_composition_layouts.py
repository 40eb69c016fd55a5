"""What a picture may be: our limits are Telnyx's where it names some, and say where a body is wrong.

Both are asked over HTTP: what one takes the other takes, and what we would let pass Telnyx would not refuse later.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.asking import Answer, Json
from tests.cast import Company
from tests.rooms.compositions import CuttingRoom, cutting_room

__all__ = ["cutting_room"]
SOURCE = "31f60a8e-5e2c-4b7a-9d14-8c6b3f0e2a79"
EXAMPLES = 120  # thousands: soak_compositions.py


def region(**values: Any) -> Json:
    return {"video_layout": {"stage": values}}


RIGHT: list[Json] = [
    {},
    {"format": "mp4", "resolution": "1280x720"},
    {"resolution": "16x16"},
    {"resolution": "1280x16"},
    {"resolution": "720x1280"},
    {"resolution": "960x960"},
    {"video_layout": {}},
    {"video_layout": {"": {}, "~1/": {}}},
    region(width=16, height=1280, x_pos=0, y_pos=1280, z_pos=-99, max_columns=1, max_rows=1000),
    region(z_pos=99, video_sources="*"),
    region(video_sources=["*"]),
    region(video_sources=[]),
    {"webhook_event_url": "", "webhook_event_failover_url": None, "webhook_timeout_secs": None},
    {"webhook_timeout_secs": 0},
    {"webhook_timeout_secs": 30},
]
# A body, and where it is wrong.
WRONG: list[tuple[Json, str]] = [
    ({"format": "avi"}, "/format"),
    ({"format": None}, "/format"),
    ({"resolution": ""}, "/resolution"),
    ({"resolution": "800"}, "/resolution"),
    ({"resolution": "800X600"}, "/resolution"),
    ({"resolution": " 800x600"}, "/resolution"),
    ({"resolution": "800x600\n"}, "/resolution"),
    ({"resolution": "0800x600"}, "/resolution"),
    ({"resolution": "-16x-16"}, "/resolution"),
    ({"resolution": "\uff18\uff10\uff10x600"}, "/resolution"),
    ({"resolution": "15x720"}, "/resolution"),
    ({"resolution": "1281x16"}, "/resolution"),
    ({"resolution": "961x960"}, "/resolution"),
    ({"resolution": 800}, "/resolution"),
    ({"resolution": None}, "/resolution"),
    ({"video_layout": None}, "/video_layout"),
    ({"video_layout": []}, "/video_layout"),
    ({"video_layout": "stage"}, "/video_layout"),
    ({"video_layout": {"a": {}, "b": {}, "c": {}}}, "/video_layout"),
    ({"video_layout": {"stage": None}}, "/video_layout/stage"),
    ({"video_layout": {"stage": []}}, "/video_layout/stage"),
    ({"video_layout": {"a/~b": 7}}, "/video_layout/a~1~0b"),
    (region(width=15), "/video_layout/stage/width"),
    (region(height=1281), "/video_layout/stage/height"),
    (region(height="16"), "/video_layout/stage/height"),
    (region(height=True), "/video_layout/stage/height"),
    (region(height=None), "/video_layout/stage/height"),
    (region(height=16.5), "/video_layout/stage/height"),
    (region(x_pos=-1), "/video_layout/stage/x_pos"),
    (region(y_pos=1281), "/video_layout/stage/y_pos"),
    (region(z_pos=-100), "/video_layout/stage/z_pos"),
    (region(z_pos=100), "/video_layout/stage/z_pos"),
    (region(max_columns=0), "/video_layout/stage/max_columns"),
    (region(max_rows=1001), "/video_layout/stage/max_rows"),
    (region(colour="red"), "/video_layout/stage/colour"),
    (region(video_sources=None), "/video_layout/stage/video_sources"),
    (region(video_sources="bo"), "/video_layout/stage/video_sources"),
    (region(video_sources=["*", "*"]), "/video_layout/stage/video_sources/0"),
    (region(video_sources=[7]), "/video_layout/stage/video_sources/0"),
    ({"webhook_event_url": "acme.example"}, "/webhook_event_url"),
    ({"webhook_event_failover_url": "ftp://acme.example"}, "/webhook_event_failover_url"),
    ({"webhook_timeout_secs": 31}, "/webhook_timeout_secs"),
    ({"webhook_timeout_secs": -1}, "/webhook_timeout_secs"),
]


def telnyx_takes(cutting_room: CuttingRoom, company: Company, body: Json) -> bool:
    asked = {"session_id": str(cutting_room.studio.gathering.session.telnyx_id), **body}
    answer = cutting_room.simulator.api("POST", "/room_compositions", key=company.telnyx_key, json=asked)
    assert answer.status_code in {202, 422}, answer.text
    return bool(answer.status_code == 202)


def asked_of_us(cutting_room: CuttingRoom, body: Json) -> Answer:
    answer = cutting_room.ask(**body)
    assert answer.status in {202, 422}, answer
    return answer


@pytest.mark.parametrize(("sources", "place"), [(["*", SOURCE], 0), ([SOURCE, "*"], 1)])
def test_all_of_the_session_stands_alone(cutting_room: CuttingRoom, sources: list[str], place: int) -> None:
    refused = asked_of_us(cutting_room, region(video_sources=sources))
    assert refused.refusal == (422, "invalid")
    assert refused.error["source"]["pointer"] == f"/video_layout/stage/video_sources/{place}"
    assert "stands alone" in refused.error["detail"]


def test_what_is_out_of_range_is_told_from_what_is_nonsense(cutting_room: CuttingRoom) -> None:
    told = [
        asked_of_us(cutting_room, {"resolution": text}).error for text in ("1281x16", "1280x721", "large")
    ]
    assert [(each["code"], each["meta"]["reason"]) for each in told] == [
        ("10033", "out_of_range"), ("10033", "out_of_range"), ("10027", "invalid"),
    ]  # fmt: skip


@pytest.mark.parametrize("body", RIGHT, ids=str)
def test_what_is_within_the_limits_is_taken(cutting_room: CuttingRoom, acme: Company, body: Json) -> None:
    assert asked_of_us(cutting_room, body).status == 202
    assert telnyx_takes(cutting_room, acme, body)


def test_what_is_not_is_refused_where_it_stands(cutting_room: CuttingRoom, acme: Company) -> None:
    for body, pointer in WRONG:
        refused = asked_of_us(cutting_room, body)
        assert refused.status == 422, body
        assert refused.error["source"] == {"pointer": pointer}, body
        assert not telnyx_takes(cutting_room, acme, body), body


def test_regions_may_be_named_like_what_an_error_is_made_of(cutting_room: CuttingRoom) -> None:
    wrong = {"message": {"width": 1}, "code": {"width": 1}}
    refused = asked_of_us(cutting_room, {"video_layout": wrong})
    assert {each["source"]["pointer"] for each in refused.body["errors"]} == {
        "/video_layout/message/width", "/video_layout/code/width",
    }  # fmt: skip


AROUND = st.one_of(
    st.integers(-110, 1300), st.sampled_from([-100, -99, -1, 0, 1, 15, 16, 99, 100, 1000, 1001, 1280, 1281]),
    st.sampled_from([None, True, "16", 16.5, [], {}]),
)  # fmt: skip
A_SIZE = st.one_of(
    st.builds("{}x{}".format, st.integers(0, 1300), st.integers(0, 1300)),
    st.sampled_from(["", "x", "16x", "16x16x16", "0016x16", "1280x720 ", "16*16"]),
    st.text(max_size=12),
)
A_REGION = st.dictionaries(
    st.sampled_from(["width", "height", "x_pos", "y_pos", "z_pos", "max_columns", "max_rows"]),
    AROUND,
    max_size=4,
)
WITH_SOURCES = st.builds(
    lambda region, sources: {**region, **({} if sources is ... else {"video_sources": sources})},
    A_REGION,
    st.sampled_from([..., ..., "*", ["*"], [], None, "all", ["*", "*"], [1], {}]),
)
NAMES = st.one_of(
    st.sampled_from(["message", "code", "a/b", "~", ""]), st.text(st.characters(codec="utf-8"), max_size=5)
)
A_BODY = st.fixed_dictionaries(
    {}, optional={"resolution": A_SIZE, "video_layout": st.dictionaries(NAMES, WITH_SOURCES, max_size=3)}
)


def test_telnyx_and_we_take_and_refuse_the_same(cutting_room: CuttingRoom, acme: Company) -> None:
    take_and_refuse_the_same(cutting_room, acme, EXAMPLES)


def take_and_refuse_the_same(cutting_room: CuttingRoom, acme: Company, examples: int) -> None:
    """So many orders at random, of which some are right and some are wrong."""
    taken = []

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(A_BODY)
    def agree(body: Json) -> None:
        if any("\x00" in text for text in (body.get("resolution", ""), *body.get("video_layout", {}))):
            return  # no text of a body holds a NUL here, whatever Telnyx makes of it
        ours = asked_of_us(cutting_room, body)
        assert (ours.status == 202) == telnyx_takes(cutting_room, acme, body), body
        taken.append(ours.status == 202)

    agree()
    assert len(taken) > examples / 2
    assert min(taken.count(True), taken.count(False)) > examples / 20


def test_what_we_take_telnyx_makes(cutting_room: CuttingRoom) -> None:
    bodies = [body for body in RIGHT if "webhook_timeout_secs" not in body]
    sent = [cutting_room.sent(**body) for body in bodies]
    assert [each.failed_because for each in sent] == [""] * len(bodies)
    assert len({each.telnyx_id for each in sent} - {None}) == len(bodies)
