"""Ingesting attached files."""

from io import BytesIO

import pytest
from PIL import Image

from core.media.folder import FolderMedia
from core.media.intake import MAX_PICTURE_BYTES, FileTooLarge, NeedsConversion, ingest
from core.media.kinds import UnsupportedFile, detect_content_type
from core.media.mp4_tracks import DamagedVideo
from core.media.pictures import CorruptPicture
from tests.small_video import box, small_video

VIDEO = small_video()


@pytest.fixture
def store(tmp_path):
    return FolderMedia(tmp_path / "media")


def picture(form="PNG", size=(40, 30)):
    file = BytesIO()
    Image.new("RGB", size, "teal").save(file, form)
    return file.getvalue()


@pytest.mark.parametrize(
    ("form", "content_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
def test_a_picture_is_stored_and_described(store, form, content_type):
    content = picture(form)
    media = ingest(store, content, alt=" A teal square ")
    assert store.get(media.reference) == content
    assert media.model_dump(exclude={"reference"}) == {
        "kind": "picture",
        "content_type": content_type,
        "size": len(content),
        "width": 40,
        "height": 30,
        "alt": "A teal square",
    }


def test_a_video_without_metadata_is_stored_unchanged(store):
    media = ingest(store, VIDEO)
    assert (media.kind, media.content_type, media.width) == ("video", "video/mp4", None)
    assert store.get(media.reference) == VIDEO


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "neither a picture nor a video"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither a picture nor a video"),
        (b"MZ" + b"\0" * 90, "neither a picture nor a video"),
        (b"\0\0\0\x14ftypcrx " + b"\0" * 90, "of a kind that no network accepts"),
    ],
)
def test_a_file_that_no_network_accepts_is_refused_with_its_kind(store, content, kind):
    with pytest.raises(UnsupportedFile, match=kind) as refusal:
        ingest(store, content)
    assert "JPEG" in refusal.value.hint
    assert list(store.scan()) == []


def test_a_damaged_picture_is_refused_and_not_stored(store):
    with pytest.raises(CorruptPicture):
        ingest(store, picture("JPEG")[:60])
    assert list(store.scan()) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "does not say what it contains"),
        (VIDEO[:-1], "its end is missing"),
        (VIDEO[: VIDEO.index(b"mdat") - 4], "a part of its pictures"),
        (small_video(kind=b"soun", codec=b"mp4a"), "sound alone"),
        (box(b"ftyp", b"mp42", bytes(4)) + box(b"moov"), "is empty"),
    ],
)
def test_a_video_that_cannot_be_played_is_refused_and_not_stored(store, content, reason):
    with pytest.raises(DamagedVideo, match=reason):
        ingest(store, content)
    assert list(store.scan()) == []


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (small_video(codec=b"hvc1"), r"HEVC \(H.265\)"),
        (small_video(brand=b"qt  "), "a QuickTime video"),
        (b"\x1a\x45\xdf\xa3" + bytes(90), "a WebM or Matroska video"),
        (b"\0\0\0\x14ftyp3gp5" + b"\0" * 90, "a 3GP video"),
    ],
)
def test_a_video_that_not_every_network_plays_needs_a_conversion(store, content, kind):
    with pytest.raises(NeedsConversion, match=kind):
        ingest(store, content)


def test_the_content_type_comes_from_the_content():
    assert detect_content_type(picture("PNG")) == "image/png"


def test_a_file_that_is_too_large_is_refused_before_decoding(store):
    with pytest.raises(FileTooLarge, match=r"30\.0 MB; the limit is 30 MB"):
        ingest(store, picture() + b"\0" * MAX_PICTURE_BYTES)
