"""Conversions of pictures and videos in processes of their own."""

import gc
import struct
from io import BytesIO

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from core.media import conversion
from core.media.conversion import CannotConvert, Conversion
from core.media.folder import FolderMedia
from core.media.intake import MAX_VIDEO_BYTES, NeedsConversion, ingest
from core.media.kinds import detect_content_type
from core.media.videos import display_size

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825
RED = (255, 0, 0)


@pytest.fixture
def store(tmp_path):
    return FolderMedia(tmp_path / "media")


@pytest.fixture(scope="module", autouse=True)
def heif():
    pillow_heif.register_heif_opener()


def photo(form, mode="RGB"):
    """Return a turned picture of 64 x 48 pixels, whose upper left is red, with a place and a camera."""
    picture = Image.new(mode, (64, 48), "teal")
    picture.paste("red", (0, 0, 32, 24))
    if mode == "RGBA":
        picture.putalpha(128)
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = 6, "Camera of Ada"
    exif.get_ifd(GPS)[1] = "N"
    file = BytesIO()
    picture.save(file, form, exif=exif, quality=80)
    return file.getvalue()


def film(form="mp4", codec="libx264"):
    """Return three frames of 64 x 48 pixels, whose upper left is red."""
    file, pixels = BytesIO(), np.zeros((48, 64, 3), np.uint8)
    pixels[:24, :32] = RED
    with av.open(file, "w", format=form) as writer:
        stream = writer.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return file.getvalue()


def turned(content):
    """Return a video that is to be shown turned by 90 degrees, clockwise, as a phone marks it."""
    matrix = content.index(b"tkhd") - 4 + struct.unpack_from(">I", content, content.index(b"tkhd") - 4)[0] - 44
    turn = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 48 << 16, 0, 1 << 30)
    return content[:matrix] + turn + content[matrix + len(turn) :]


@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_a_heic_or_avif_picture_becomes_an_upright_jpeg_without_its_place(store, form):
    media = ingest(store, photo(form))
    content = store.get(media.reference)
    assert (media.content_type, media.size) == ("image/jpeg", len(content))
    assert b"Camera of Ada" not in content
    assert not Image.open(BytesIO(content)).getexif()
    if form == "AVIF":  # pillow-heif writes no rotation into a HEIC picture
        assert (media.width, media.height) == (48, 64)
        red, green, blue = Image.open(BytesIO(content)).getpixel((43, 5))
        assert (red > 200, green < 60, blue < 60) == (True, True, True)


def test_a_picture_with_transparency_becomes_a_png(store):
    assert ingest(store, photo("AVIF", "RGBA")).content_type == "image/png"


@pytest.mark.parametrize("form", ["WEBP", "PNG"])
def test_an_animated_webp_or_png_becomes_a_gif(store, form):
    file = BytesIO()
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue")]
    frames[0].save(file, form, save_all=True, append_images=frames[1:], duration=120)
    media = ingest(store, file.getvalue())
    with Image.open(BytesIO(store.get(media.reference))) as moving:
        assert (media.content_type, moving.n_frames, moving.info["duration"]) == ("image/gif", 3, 120)


def test_an_animated_gif_becomes_a_video():
    file = BytesIO()
    frames = [Image.new("RGB", (41, 31), colour) for colour in ("red", "green")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=200)
    assert display_size(Conversion(file.getvalue(), "video").result()) == (40, 30)


def test_a_video_has_its_first_frame_as_a_poster():
    with Image.open(BytesIO(Conversion(turned(film()), "poster").result())) as shown:
        assert shown.size == (48, 64)
        assert shown.getpixel((43, 5))[0] > 200


def test_a_damaged_heic_picture_is_refused_with_its_remedy(store):
    content = photo("HEIF")
    with pytest.raises(CannotConvert, match="damaged") as refusal:
        ingest(store, content[: len(content) // 2])
    assert "export it as JPEG" in refusal.value.hint
    assert list(store.scan()) == []


def test_a_picture_with_too_many_pixels_is_refused(store):
    content = photo("AVIF")
    wide = content.replace(struct.pack(">II", 64, 48), struct.pack(">II", 60_000, 60_000))
    with pytest.raises(CannotConvert):
        ingest(store, wide)


def test_a_webm_video_becomes_a_playable_mp4(store):
    content = film("webm", "libvpx")
    with pytest.raises(NeedsConversion, match="WebM"):
        ingest(store, content)
    converting = Conversion(content, "video")
    media = ingest(store, converting.result())
    assert (media.kind, media.content_type, converting.progress > 0.5) == ("video", "video/mp4", True)


def test_a_turned_video_is_converted_upright():
    converted = Conversion(turned(film()), "video").result()
    assert display_size(converted) == (48, 64)
    with av.open(BytesIO(converted)) as reader:
        pixels = next(reader.decode(video=0)).to_ndarray(format="rgb24")
    assert pixels[5, -5][0] > 200  # the red corner is at the upper right now
    assert pixels[5, 5][0] < 60


def test_a_damaged_video_is_refused_with_its_remedy():
    content = film("webm", "libvpx")
    with pytest.raises(CannotConvert, match="damaged") as refusal:
        Conversion(content[:60] + bytes(200), "video").result()
    assert "MP4" in refusal.value.hint


def test_a_cancelled_conversion_ends_its_process_and_deletes_its_files(tmp_path, monkeypatch):
    monkeypatch.setattr(conversion.tempfile, "tempdir", str(tmp_path))
    converting = Conversion(film("webm", "libvpx"), "video")
    assert list(tmp_path.iterdir())
    converting.cancel()
    assert converting.done
    assert not list(tmp_path.iterdir())


def test_a_forgotten_conversion_ends_its_process_and_deletes_its_files(tmp_path, monkeypatch):
    monkeypatch.setattr(conversion.tempfile, "tempdir", str(tmp_path))
    converting = Conversion(film("webm", "libvpx"), "video")
    assert list(tmp_path.iterdir())
    del converting
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_without_the_converter_the_refusal_names_what_to_install(store, monkeypatch):
    monkeypatch.setattr("core.media.intake.can_convert_videos", lambda: False)
    with pytest.raises(NeedsConversion) as refusal:
        ingest(store, film("mov"))
    assert "pip install -r requirements-video.txt" in refusal.value.hint


def test_the_limits_of_the_processes_are_those_of_attached_files():
    from core.media import convert_picture, convert_video, intake

    assert convert_picture.MAX_BYTES == intake.MAX_PICTURE_BYTES
    assert convert_video.MAX_BYTES == MAX_VIDEO_BYTES
    assert detect_content_type(film("mov")) == "video/quicktime"
