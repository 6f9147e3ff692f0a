"""Removing metadata from MP4 videos, and reading their display size."""

import struct
import tracemalloc
from functools import reduce

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.media.reading_budget import MalformedVideo
from core.media.videos import display_size
from core.media.videos import strip_video_metadata as stripped_content


def strip_video_metadata(video):
    """Return the whole video without its metadata."""
    return stripped_content(video)[:]


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
    "video",
    [
        lambda metadata: START + box(b"moov", MOVIE, metadata) + FRAMES,
        lambda metadata: START + FRAMES + box(b"moov", MOVIE, box(b"trak", box(b"tkhd", b"\2" * 20), metadata)),
        lambda metadata: START + box(b"moov", MOVIE, wide=True) + metadata + FRAMES,
    ],
)
@pytest.mark.parametrize("kind", [b"udta", b"meta", b"uuid"])
def test_the_place_is_removed_and_every_offset_is_unchanged(video, kind, wide):
    before = video(box(kind, PLACE, wide=wide))
    after = strip_video_metadata(before)
    assert b"+50.9413" not in after
    assert len(after) == len(before)
    for part in (START, MOVIE, FRAMES):
        assert after.find(part) == before.find(part)


def test_a_video_without_metadata_is_unchanged():
    video = START + box(b"moov", MOVIE, box(b"trak", box(b"tkhd", b"\2" * 20))) + FRAMES
    assert strip_video_metadata(video) == video


def test_frames_that_look_like_metadata_are_unchanged():
    video = START + box(b"moov", MOVIE) + box(b"mdat", box(b"udta", PLACE))
    assert strip_video_metadata(video) == video


def test_metadata_in_a_last_box_without_a_size_are_removed():
    video = START + box(b"moov", MOVIE) + struct.pack(">I4s", 0, b"uuid") + PLACE
    assert b"+50.9413" not in strip_video_metadata(video)


UPRIGHT, TURNED = (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30), (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
"""Rotation matrices of a track: no rotation, and a quarter turn to the right, as phones write it."""


def sized_track(width, height, matrix=UPRIGHT, version=0):
    header = bytes([version]) + bytes(39 if version == 0 else 51)
    return box(b"trak", box(b"tkhd", header, struct.pack(">9i2I", *matrix, width << 16, height << 16)))


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(("matrix", "shown"), [(UPRIGHT, (320, 180)), (TURNED, (180, 320))])
def test_the_display_size_includes_the_rotation(matrix, shown, version):
    sound, pictures = sized_track(0, 0, version=version), sized_track(320, 180, matrix, version)
    video = START + FRAMES + box(b"moov", MOVIE, box(b"udta", PLACE), sound, pictures)
    assert display_size(video) == display_size(strip_video_metadata(video)) == shown


@pytest.mark.parametrize("tracks", [b"", sized_track(0, 0), box(b"trak", box(b"tkhd", b"\2" * 20)), FRAMES])
def test_a_video_without_a_size_has_no_display_size(tracks):
    assert display_size(START + box(b"moov", MOVIE, tracks)) is None


def track_with_tables(kind, *tables):
    """Return a track of a kind such as `vide`, with sample tables."""
    handler = box(b"hdlr", b"\0" * 8 + kind + b"\0" * 12)
    data_handler = box(b"hdlr", b"\0" * 4 + b"dhlralis" + b"\0" * 12)  # as QuickTime adds it
    return box(b"trak", box(b"mdia", handler, box(b"minf", data_handler, box(b"stbl", *tables))))


def table(kind, *numbers, form=">I"):
    return box(kind, b"\0" * 4, *(struct.pack(form, number) for number in numbers))


SEEN, POSITIONS = b"seen " * 8, b"+50.9413+006.9583 12:00:01"


def two_tracks(kind, offsets="stco", sizes=(10, 16), fixed=0):
    """Return a video whose second and fourth chunks belong to a track of this kind, and the others to its pictures."""
    video = START + box(b"mdat", SEEN, POSITIONS[:10], SEEN, POSITIONS[10:], SEEN)
    first = video.index(POSITIONS[:10])
    second = video.index(POSITIONS[10:])
    form = ">Q" if offsets == "co64" else ">I"
    chunks = box(offsets.encode(), struct.pack(">4xI", 2), struct.pack(form, first), struct.pack(form, second))
    metadata = track_with_tables(
        kind,
        table(b"stsz", fixed, len(sizes), *(() if fixed else sizes)),
        table(b"stsc", 1, 1, 1, 1),
        chunks,
    )
    pictures = track_with_tables(
        b"vide", table(b"stsz", 40, 3), table(b"stsc", 1, 1, 1, 1), table(b"stco", 1, video.index(SEEN))
    )
    return video + box(b"moov", MOVIE, pictures, metadata)


@pytest.mark.parametrize("offsets", ["stco", "co64"])
@pytest.mark.parametrize("kind", [b"meta", b"text", b"sbtl", b"tmcd"])
def test_a_track_of_camera_positions_is_removed_with_all_its_samples(kind, offsets):
    before = two_tracks(kind, offsets)
    after = strip_video_metadata(before)
    assert len(after) == len(before)
    assert b"+50.9413+0" in before
    assert b"06.9583" in before
    for part in (b"+50.9413+0", b"06.9583", b":00:01", kind):
        assert part not in after
    assert after.count(SEEN) == 3
    assert after.find(b"vide") == before.find(b"vide")


def test_samples_of_a_fixed_size_are_removed():
    after = strip_video_metadata(two_tracks(b"meta", fixed=10))
    assert b"+50.9413+0" not in after
    assert b":00:01" in after  # beyond the ten bytes of the sample
    assert after.count(SEEN) == 3


@pytest.mark.parametrize("kind", [b"vide", b"soun", b"auxv"])
def test_a_track_that_is_seen_or_heard_is_unchanged(kind):
    assert strip_video_metadata(two_tracks(kind)) == two_tracks(kind)


def test_samples_outside_the_file_do_not_raise():
    chunks = table(b"stco", 4, 0, 0, 0, 2**32 - 1)
    hostile = track_with_tables(b"meta", table(b"stsz", 2**32 - 1, 4), table(b"stsc", 1, 1, 2**31, 1), chunks)
    video = START + box(b"moov", hostile) + FRAMES
    assert len(strip_video_metadata(video)) == len(video)


def test_overlapping_samples_blank_no_more_bytes_than_the_file_has():
    size = len(START + FRAMES)
    chunks = table(b"stco", 3, size, size, 0)
    hostile = track_with_tables(b"meta", table(b"stsz", 2**20, 3), table(b"stsc", 1, 1, 1, 1), chunks)
    video = START + FRAMES + box(b"moov", hostile) + box(b"mdat", b"x" * 3 * size)
    assert strip_video_metadata(video).startswith(START + FRAMES)


@given(st.binary(max_size=200) | st.lists(st.sampled_from([START, b"moov", b"\0\0\0\x10", b"udta"])).map(b"".join))
@example(two_tracks(b"meta")[:-30])
def test_a_hostile_video_keeps_its_length(content):
    assert len(strip_video_metadata(content)) == len(content)
    display_size(content)


def test_a_long_table_of_sizes_takes_little_more_memory_than_the_file():
    rows = 1_000_000
    sizes = box(b"stsz", struct.pack(">4xII", 0, rows), b"\0\0\0\1" * rows)
    chunks = (table(b"stsc", 1, 1, rows, 1), table(b"stco", 1, 0))
    video = START + box(b"moov", track_with_tables(b"meta", sizes, *chunks)) + FRAMES
    tracemalloc.start()
    strip_video_metadata(video)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * len(video)


NESTED = reduce(lambda inside, kind: box(kind, inside), [b"mdia", *[b"trak"] * 6], box(b"edts", b"") * 60_000)


@pytest.mark.parametrize(
    "movie",
    [
        NESTED,
        box(b"free", b"") * 300_000,
        track_with_tables(b"meta", table(b"stsz", 1, 1), table(b"stsc"), box(b"stco", b"\0" * 4 * 2_100_000)),
        track_with_tables(b"meta", table(b"stsz", 1, 1), table(b"stco"), box(b"stsc", b"\0" * 12 * 2_100_000)),
    ],
    ids=["nested tracks", "boxes", "chunks", "runs of chunks"],
)
def test_a_video_that_lists_millions_of_parts_is_refused(movie):
    with pytest.raises(MalformedVideo):
        strip_video_metadata(START + box(b"moov", movie) + FRAMES)


def test_a_video_of_two_hours_with_positions_each_second_is_read():
    rows = 7200
    tables = (table(b"stsz", 1, rows), table(b"stsc", 1, 1, 1, 1), table(b"stco", rows, *range(rows)))
    video = START + box(b"mdat", b"x" * rows) + box(b"moov", *[track_with_tables(b"meta", *tables)] * 4)
    assert len(strip_video_metadata(video)) == len(video)
