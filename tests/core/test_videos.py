"""Videos, and what they tell of the place and of their shape."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.videos import shape, without_place


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


UPRIGHT, TURNED = (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30), (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
"""How a track is to be shown: as it is, or by a quarter to the right, as phones write it."""


def track(width, height, matrix=UPRIGHT, version=0):
    header = bytes([version]) + bytes(39 if version == 0 else 51)
    return box(b"trak", box(b"tkhd", header, struct.pack(">9i2I", *matrix, width << 16, height << 16)))


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(("matrix", "shown"), [(UPRIGHT, (320, 180)), (TURNED, (180, 320))])
def test_a_film_tells_how_it_is_shown(matrix, shown, version):
    sound, pictures = track(0, 0, version=version), track(320, 180, matrix, version)
    film = START + FRAMES + box(b"moov", MOVIE, box(b"udta", PLACE), sound, pictures)
    assert shape(film) == shape(without_place(film)) == shown


@pytest.mark.parametrize("tracks", [b"", track(0, 0), box(b"trak", box(b"tkhd", b"\2" * 20)), FRAMES])
def test_a_film_that_does_not_tell_how_it_is_shown_has_no_shape(tracks):
    assert shape(START + box(b"moov", MOVIE, tracks)) is None


@given(st.binary(max_size=200) | st.lists(st.sampled_from([START, b"moov", b"\0\0\0\x10", b"udta"])).map(b"".join))
def test_a_hostile_film_is_read_without_harm_and_keeps_its_length(content):
    assert len(without_place(content)) == len(content)
    shape(content)
