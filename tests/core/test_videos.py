"""Videos, and what they tell of the place."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.videos import without_place


def box(kind, *content, wide=False):
    body = b"".join(content)
    if wide:
        return struct.pack(">I4sQ", 1, kind, len(body) + 16) + body
    return struct.pack(">I4s", len(body) + 8, kind) + body


PLACE = b"\xa9xyz+50.9413+006.9583/"
START = box(b"ftyp", b"mp42\0\0\0\0mp42isom")
MOVIE = box(b"mvhd", b"\1" * 20)
FRAMES = box(b"mdat", b"frames " * 50)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    "film",
    [
        lambda told: START + box(b"moov", MOVIE, told) + FRAMES,
        lambda told: START + FRAMES + box(b"moov", MOVIE, box(b"trak", box(b"tkhd", b"\2" * 20), told)),
        lambda told: START + box(b"moov", MOVIE, wide=True) + told + FRAMES,
    ],
)
@pytest.mark.parametrize("kind", [b"udta", b"meta", b"uuid"])
def test_the_place_is_gone_and_nothing_else_has_moved(film, kind, wide):
    before = film(box(kind, PLACE, wide=wide))
    after = without_place(before)
    assert b"+50.9413" not in after
    assert len(after) == len(before)
    for kept in (START, MOVIE, FRAMES):
        assert after.find(kept) == before.find(kept)


def test_a_film_that_tells_nothing_stays_as_it_is():
    film = START + box(b"moov", MOVIE, box(b"trak", box(b"tkhd", b"\2" * 20))) + FRAMES
    assert without_place(film) == film


def test_frames_that_look_like_metadata_are_not_touched():
    film = START + box(b"moov", MOVIE) + box(b"mdat", box(b"udta", PLACE))
    assert without_place(film) == film


def test_the_last_box_may_reach_to_the_end_of_the_file():
    film = START + box(b"moov", MOVIE) + struct.pack(">I4s", 0, b"uuid") + PLACE
    assert b"+50.9413" not in without_place(film)


@given(st.binary(max_size=200) | st.lists(st.sampled_from([START, b"moov", b"\0\0\0\x10", b"udta"])).map(b"".join))
def test_a_hostile_film_is_read_without_harm_and_keeps_its_length(content):
    assert len(without_place(content)) == len(content)
