"""Removing comments and metadata from animated GIFs."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from core.media.animations import strip_gif_metadata


def frames(content):
    with Image.open(BytesIO(content)) as image:
        for number in range(image.n_frames):
            image.seek(number)
            yield image.convert("RGBA"), image.info.get("duration")


def animation():
    shades = Image.linear_gradient("L").resize((40, 30))
    first, *others = (shades.rotate(90 * turn) for turn in range(3))
    file = BytesIO()
    first.save(file, "GIF", save_all=True, append_images=others, duration=[80, 90, 100], loop=0)
    return file.getvalue()


def comment(text):
    return b"\x21\xfe" + bytes([len(text)]) + text + b"\0"


XMP = b"\x21\xff\x0bXMP DataXMP<x>+50.9413+006.9583</x>\x01" + bytes(range(255, -1, -1)) + b"\0"
"""XMP as Photoshop writes it: the text, then a trailer that makes it a valid chain of sub-blocks."""
PLACE = b"+50.9413+006.9583"


@pytest.mark.parametrize("metadata", [comment(PLACE), XMP, b"\x21\x01\x0c" + b"\0" * 12 + b"\x11" + PLACE + b"\0"])
@pytest.mark.parametrize("where", ["before the frames", "after the frames"])
def test_comments_and_metadata_are_removed_and_every_frame_is_unchanged(metadata, where):
    plain = animation()
    at = plain.index(b"\x21\xff\x0bNETSCAPE") if where == "before the frames" else len(plain) - 1
    original = plain[:at] + metadata + plain[at:]
    stripped = strip_gif_metadata(original)
    assert PLACE in original
    assert PLACE not in stripped
    for (before, time_before), (after, time_after) in zip(frames(plain), frames(stripped), strict=True):
        assert ImageChops.difference(before, after).getbbox() is None
        assert time_before == time_after
    assert b"NETSCAPE2.0" in stripped


def test_an_animation_without_metadata_is_unchanged():
    assert strip_gif_metadata(animation()) == animation()


def test_data_after_the_end_of_the_animation_are_removed():
    assert strip_gif_metadata(animation() + b"taken at " + PLACE) == animation()


def test_a_truncated_animation_ends_with_its_last_complete_frame():
    truncated = animation()[: len(animation()) * 2 // 3]
    assert 1 <= len(list(frames(strip_gif_metadata(truncated)))) < 3


@given(cut=st.integers(13, 2000), edits=st.lists(st.tuples(st.integers(13, 2000), st.integers(0, 255)), max_size=8))
def test_a_hostile_file_does_not_raise(cut, edits):
    content = bytearray(animation())
    for index, byte in edits:
        content[index % len(content)] = byte
    stripped = strip_gif_metadata(bytes(content[:cut]))
    assert len(stripped) <= len(content) + 1
