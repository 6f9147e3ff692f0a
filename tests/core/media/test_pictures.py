"""Fitting pictures to a network's limits, removing their metadata, and refusing hostile files."""

import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from core.errors import PunctualError
from core.media import pictures
from core.media.pictures import (
    CannotFit,
    CorruptPicture,
    PictureLimits,
    TooManyPixels,
    fit_picture,
    inspect_picture,
    thumbnail,
)

ROOT = Path(__file__).parents[3]
GPS, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F
GENEROUS = PictureLimits(count=4, max_bytes=8_000_000)


def encoded(image, form, **options):
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def decoded(content):
    return Image.open(BytesIO(content))


def gradient(width=400, height=300, mode="RGB"):
    shades = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (shades, ImageChops.invert(shades), shades.rotate(180))).convert(mode)


def noise(width, height):
    return Image.merge("RGB", [Image.effect_noise((width, height), 120) for _ in range(3)])


@pytest.fixture
def phone_picture():
    """Return a JPEG with a rotation, a place and a camera in its EXIF data."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[MAKE] = "Camera of Ada"
    exif.get_ifd(GPS)[2] = (50.0, 56.0, 29.0)
    image = gradient()
    image.paste("red", (0, 0, 100, 75))
    return encoded(image, "JPEG", exif=exif, quality=95)


def test_the_place_of_a_picture_is_removed(phone_picture):
    assert dict(decoded(phone_picture).getexif().get_ifd(GPS))
    ready = fit_picture(phone_picture, GENEROUS)
    assert dict(decoded(ready.content).getexif()) == {}
    assert b"Camera of Ada" not in ready.content


def test_a_rotated_picture_is_turned_upright(phone_picture):
    ready = fit_picture(phone_picture, GENEROUS)
    assert (ready.width, ready.height) == decoded(ready.content).size == (300, 400)
    red, green, blue = decoded(ready.content).getpixel((280, 20))
    assert red > 200
    assert green < 60
    assert blue < 60
    assert (inspect_picture(phone_picture).width, inspect_picture(phone_picture).height) == (300, 400)


def test_the_texts_of_a_png_are_removed():
    info = PngInfo()
    info.add_text("Location", "Cologne, Domkloster 4")
    info.add_itxt("XML:com.adobe.xmp", "<x>Cologne</x>", zip=False)
    content = encoded(gradient(40, 30), "PNG", pnginfo=info)
    assert content.count(b"Cologne") == 2
    assert b"Cologne" not in fit_picture(content, GENEROUS).content
    assert fit_picture(content, GENEROUS).content_type == "image/png"


@pytest.mark.parametrize("form", ["JPEG", "GIF"])
def test_comments_are_removed(form):
    content = encoded(gradient(40, 30), form, comment=b"in Cologne")
    limits = replace(GENEROUS, types=("image/jpeg", "image/png", "image/gif"))
    assert b"in Cologne" in content
    assert b"in Cologne" not in fit_picture(content, limits).content


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_exif_data_are_removed_from_every_format(form):
    exif = Image.Exif()
    exif[MAKE] = "Camera of Ada"
    content = encoded(gradient(), form, exif=exif)
    assert b"Camera of Ada" in content
    assert b"Camera of Ada" not in fit_picture(content, GENEROUS).content


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_the_colour_profile_is_kept(form):
    content = encoded(gradient(), form, icc_profile=b"a profile of sorts")
    assert decoded(fit_picture(content, GENEROUS).content).info["icc_profile"] == b"a profile of sorts"


def test_the_profile_of_cmyk_colours_is_removed():
    content = encoded(gradient(mode="CMYK"), "JPEG", icc_profile=b"a profile for ink")
    assert "icc_profile" not in decoded(fit_picture(content, GENEROUS).content).info


def test_a_picture_is_scaled_down_to_the_networks_longest_side():
    ready = fit_picture(encoded(gradient(3000, 1500), "JPEG"), PictureLimits(count=1, max_bytes=10**6, max_side=1000))
    assert (ready.width, ready.height) == (1000, 500)


def test_a_small_picture_is_not_enlarged():
    ready = fit_picture(encoded(gradient(30, 20), "PNG"), GENEROUS)
    assert (ready.width, ready.height, ready.content_type) == (30, 20, "image/png")


def test_a_large_file_is_reduced_to_the_limit():
    content = encoded(noise(1200, 900), "JPEG", quality=95)
    ready = fit_picture(content, PictureLimits(count=1, max_bytes=120_000))
    assert len(content) > 500_000
    assert len(ready.content) <= 120_000
    decoded(ready.content).load()


def test_a_screenshot_stays_lossless():
    drawing = Image.new("RGB", (200, 100), "white")
    drawing.paste("navy", (20, 20, 60, 60))
    ready = fit_picture(encoded(drawing, "PNG"), GENEROUS)
    assert ready.content_type == "image/png"
    assert ImageChops.difference(decoded(ready.content), drawing).getbbox() is None


def test_a_transparent_picture_stays_transparent_or_gets_a_white_background_as_jpeg():
    logo = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    logo.paste((200, 0, 0, 255), (40, 40, 60, 60))
    content = encoded(logo, "PNG")
    assert decoded(fit_picture(content, GENEROUS).content).getpixel((0, 0)) == (0, 0, 0, 0)
    flat = fit_picture(content, PictureLimits(count=1, max_bytes=10**6, types=("image/jpeg",)))
    assert flat.content_type == "image/jpeg"
    assert min(decoded(flat.content).getpixel((0, 0))) > 250


@pytest.mark.parametrize(("mode", "form"), [("L", "JPEG"), ("CMYK", "JPEG"), ("P", "PNG"), ("RGBA", "WEBP")])
@pytest.mark.parametrize("max_side", [50, 4000])
def test_pictures_of_every_format_are_turned_upright(mode, form, max_side):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    content = encoded(gradient(400, 200, mode), form, exif=exif)
    ready = fit_picture(content, replace(GENEROUS, max_side=max_side))
    assert decoded(ready.content).size == (ready.width, ready.height) == ((200, 400) if max_side > 400 else (25, 50))


@pytest.mark.parametrize(
    ("mode", "form"),
    [("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGBA", "WEBP"), ("CMYK", "JPEG"), ("L", "JPEG")],
)
def test_every_colour_mode_is_supported(mode, form):
    content = encoded(gradient(50, 40).convert(mode), form)
    assert decoded(fit_picture(content, GENEROUS).content).size == (50, 40)


def test_16_bit_grey_does_not_turn_white():
    ready = fit_picture(encoded(Image.new("I;16", (8, 8), 0x8000), "PNG"), GENEROUS)
    assert decoded(ready.content).convert("L").getpixel((0, 0)) == 128


def test_an_animation_is_kept_where_gifs_are_accepted_and_reduced_to_its_first_frame_elsewhere():
    frames = [gradient(40, 30).rotate(90 * turn) for turn in range(3)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=80)
    moving = fit_picture(content, PictureLimits(count=1, max_bytes=10**6, types=("image/gif", "image/png")))
    assert moving.content == content
    commented = content[:-1] + b"\x21\xfe\x08in Koeln\0" + content[-1:]
    assert fit_picture(commented, PictureLimits(count=1, max_bytes=10**6, types=("image/gif",))).content == content
    still = fit_picture(content, GENEROUS)
    assert still.content_type == "image/png"
    small = PictureLimits(count=4, max_bytes=1000, types=("image/gif",))
    assert fit_picture(content, small).content_type == "image/jpeg"


def test_an_animation_stays_one_where_it_is_the_only_attachment():
    content = encoded(gradient(40, 30), "GIF", save_all=True, append_images=[noise(40, 30)], duration=80)
    limits = PictureLimits(count=4, max_bytes=10**6, lone_animation_bytes=len(content))
    assert fit_picture(content, limits).content_type == "image/gif"
    assert fit_picture(content, limits, count=2).content_type == "image/png"
    assert fit_picture(content, replace(limits, lone_animation_side=30)).content_type == "image/png"


def test_a_picture_that_cannot_fit_is_refused():
    with pytest.raises(CannotFit, match="picture cannot be reduced to 200 bytes"):
        fit_picture(encoded(noise(300, 300), "PNG"), PictureLimits(count=1, max_bytes=200))


def test_several_pictures_share_the_total_size_limit():
    limits = PictureLimits(count=4, max_bytes=500_000, total_bytes=800_000)
    assert [limits.max_bytes_each(count) for count in (1, 2, 4)] == [500_000, 400_000, 200_000]
    assert len(fit_picture(encoded(noise(900, 900), "JPEG"), limits, count=4).content) <= 200_000


def test_a_thumbnail_is_small():
    small = thumbnail(encoded(gradient(3000, 2000), "JPEG"))
    assert decoded(small).size == (320, 213)
    assert len(small) < 100_000


def png_with_claimed_size(width, height):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(8000, 6251), (10_000, 10_000), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_with_too_many_pixels_is_refused_before_decoding(size):
    for decode in (inspect_picture, lambda content: fit_picture(content, GENEROUS)):
        with pytest.raises(TooManyPixels, match="50 million"):
            decode(png_with_claimed_size(*size))


PRINT_PEAK_MEMORY = """
import re, sys
from pathlib import Path
from core.media.pictures import PictureLimits, fit_picture, inspect_picture
content = Path(sys.argv[1]).read_bytes()
if sys.argv[2] == "inspect":
    inspect_picture(content)
else:
    fit_picture(content, PictureLimits(count=1, max_bytes=4_000_000, max_side=3840))
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux reports the peak memory of a process")
@pytest.mark.parametrize(
    ("form", "action", "megabytes"), [("JPEG", "fit", 300), ("PNG", "fit", 600), ("PNG", "inspect", 350)]
)
def test_the_largest_picture_fits_into_the_memory_of_the_posting_function(tmp_path, form, action, megabytes):
    path = tmp_path / "large"
    path.write_bytes(encoded(Image.new("RGB", (8000, 6200), "navy"), form))
    peak = subprocess.run(
        [sys.executable, "-c", PRINT_PEAK_MEMORY, str(path), action], check=True, capture_output=True, cwd=ROOT
    )
    assert int(peak.stdout) < megabytes * 1000


@pytest.mark.parametrize("decode", [inspect_picture, lambda content: fit_picture(content, GENEROUS)])
def test_at_most_two_pictures_are_decoded_at_the_same_time(monkeypatch, decode):
    open_now, counts, open_picture = [], [], pictures._open_picture

    @contextmanager
    def open_and_count(content, *formats):
        open_now.append(content)
        counts.append(len(open_now))
        with open_picture(content, *formats) as image:
            yield image
        open_now.remove(content)

    monkeypatch.setattr(pictures, "_open_picture", open_and_count)
    content = encoded(noise(800, 800), "JPEG")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: decode(content), range(16)))
    assert max(counts) == 2


def test_a_jpeg_of_thousands_of_scans_is_refused_before_decoding():
    content = encoded(noise(80, 60), "JPEG", progressive=True)
    last_scan = content[content.rindex(b"\xff\xda") : content.rindex(b"\xff\xd9")]
    assert inspect_picture(content).width == 80
    with pytest.raises(CorruptPicture):
        inspect_picture(content[:-2] + last_scan * 5000 + b"\xff\xd9")


def test_a_jpeg_with_another_file_at_its_end_is_accepted():
    trailer = b"\xff\xda\0\0" * 5000
    assert inspect_picture(encoded(noise(80, 60), "JPEG") + trailer).width == 80


def test_a_gif_of_millions_of_sub_blocks_is_refused_when_it_is_attached():
    content = encoded(noise(80, 60), "GIF")
    comment = b"!\xfe" + b"\x01x" * 1_100_000 + b"\0"
    with pytest.raises(CorruptPicture):
        inspect_picture(content[:-1] + comment + b";")


def test_a_truncated_picture_is_refused():
    whole = encoded(noise(200, 200), "JPEG")
    for content in (whole[: len(whole) // 2], whole[:20], b"\xff\xd8\xff", png_with_claimed_size(100, 100)):
        with pytest.raises(CorruptPicture):
            inspect_picture(content)


SEEDS = [
    encoded(gradient(20, 20), form, **options)
    for form, options in (
        ("JPEG", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {}),
    )
]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("size", [(2, 6000), (6000, 2)])
def test_a_narrow_picture_keeps_at_least_one_pixel_of_width(form, size):
    ready = fit_picture(encoded(gradient(*size), form), replace(GENEROUS, max_side=1000))
    assert sorted(decoded(ready.content).size) == [1, 1000]


@pytest.mark.filterwarnings("ignore")  # Pillow warns about malformed data that it can read
@settings(max_examples=300, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 3000),
)
def test_a_hostile_file_is_decoded_or_refused(seed, edits, cut):
    content = bytearray(seed)
    for index, byte in edits:
        content[index % len(content)] = byte
    with suppress(PunctualError):
        ready = fit_picture(bytes(content[: cut or None]), PictureLimits(count=1, max_bytes=50_000, max_side=64))
        assert len(ready.content) <= 50_000
