"""Videos, and what they tell of the place and of their shape."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.media.videos import display_size, strip_video_metadata


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
    after = strip_video_metadata(before)
    assert b"+50.9413" not in after
    assert len(after) == len(before)
    for kept in (START, MOVIE, FRAMES):
        assert after.find(kept) == before.find(kept)


def test_a_film_that_tells_nothing_stays_as_it_is():
    film = START + box(b"moov", MOVIE, box(b"trak", box(b"tkhd", b"\2" * 20))) + FRAMES
    assert strip_video_metadata(film) == film


def test_frames_that_look_like_metadata_are_not_touched():
    film = START + box(b"moov", MOVIE) + box(b"mdat", box(b"udta", PLACE))
    assert strip_video_metadata(film) == film


def test_the_last_box_may_reach_to_the_end_of_the_file():
    film = START + box(b"moov", MOVIE) + struct.pack(">I4s", 0, b"uuid") + PLACE
    assert b"+50.9413" not in strip_video_metadata(film)


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
    assert display_size(film) == display_size(strip_video_metadata(film)) == shown


@pytest.mark.parametrize("tracks", [b"", track(0, 0), box(b"trak", box(b"tkhd", b"\2" * 20)), FRAMES])
def test_a_film_that_does_not_tell_how_it_is_shown_has_no_shape(tracks):
    assert display_size(START + box(b"moov", MOVIE, tracks)) is None


def handled(kind, *tables):
    handler = box(b"hdlr", b"\0" * 8 + kind + b"\0" * 12)
    data_handler = box(b"hdlr", b"\0" * 4 + b"dhlralis" + b"\0" * 12)  # as QuickTime adds it
    return box(b"trak", box(b"mdia", handler, box(b"minf", data_handler, box(b"stbl", *tables))))


def table(kind, *numbers, form=">I"):
    return box(kind, b"\0" * 4, *(struct.pack(form, number) for number in numbers))


FILM, TRACK = b"seen " * 8, b"+50.9413+006.9583 12:00:01"


def two_tracks(kind, offsets="stco", sizes=(10, 16), fixed=0):
    """A film of which every second chunk belongs to a track of another kind, with one sample in a chunk of its own."""
    film = START + box(b"mdat", FILM, TRACK[:10], FILM, TRACK[10:], FILM)
    first = film.index(TRACK[:10])
    second = film.index(TRACK[10:])
    form = ">Q" if offsets == "co64" else ">I"
    chunks = box(offsets.encode(), struct.pack(">4xI", 2), struct.pack(form, first), struct.pack(form, second))
    told = handled(
        kind,
        table(b"stsz", fixed, len(sizes), *(() if fixed else sizes)),
        table(b"stsc", 1, 1, 1, 1),
        chunks,
    )
    pictures = handled(b"vide", table(b"stsz", 40, 3), table(b"stsc", 1, 1, 1, 1), table(b"stco", 1, film.index(FILM)))
    return film + box(b"moov", MOVIE, pictures, told)


@pytest.mark.parametrize("offsets", ["stco", "co64"])
@pytest.mark.parametrize("kind", [b"meta", b"text", b"sbtl", b"tmcd"])
def test_a_track_of_where_the_camera_was_is_gone_with_all_its_samples(kind, offsets):
    before = two_tracks(kind, offsets)
    after = strip_video_metadata(before)
    assert len(after) == len(before)
    assert b"+50.9413+0" in before
    assert b"06.9583" in before
    for part in (b"+50.9413+0", b"06.9583", b":00:01", kind):
        assert part not in after
    assert after.count(FILM) == 3
    assert after.find(b"vide") == before.find(b"vide")


def test_samples_of_one_size_are_gone_as_well():
    after = strip_video_metadata(two_tracks(b"meta", fixed=10))
    assert b"+50.9413+0" not in after
    assert b":00:01" in after  # behind the ten bytes that the table tells of
    assert after.count(FILM) == 3


@pytest.mark.parametrize("kind", [b"vide", b"soun", b"auxv"])
def test_a_track_that_is_seen_or_heard_stays(kind):
    assert strip_video_metadata(two_tracks(kind)) == two_tracks(kind)


def test_samples_beyond_the_end_of_the_file_or_all_over_it_do_no_harm():
    chunks = table(b"stco", 4, 0, 0, 0, 2**32 - 1)
    hostile = handled(b"meta", table(b"stsz", 2**32 - 1, 4), table(b"stsc", 1, 1, 2**31, 1), chunks)
    film = START + box(b"moov", hostile) + FRAMES
    assert len(strip_video_metadata(film)) == len(film)


def test_samples_that_overlap_blank_no_more_than_the_file_has_bytes():
    size = len(START + FRAMES)
    chunks = table(b"stco", 3, size, size, 0)
    hostile = handled(b"meta", table(b"stsz", 2**20, 3), table(b"stsc", 1, 1, 1, 1), chunks)
    film = START + FRAMES + box(b"moov", hostile) + box(b"mdat", b"x" * 3 * size)
    assert strip_video_metadata(film).startswith(START + FRAMES)


@given(st.binary(max_size=200) | st.lists(st.sampled_from([START, b"moov", b"\0\0\0\x10", b"udta"])).map(b"".join))
@example(two_tracks(b"meta")[:-30])
def test_a_hostile_film_is_read_without_harm_and_keeps_its_length(content):
    assert len(strip_video_metadata(content)) == len(content)
    display_size(content)
