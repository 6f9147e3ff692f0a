"""Ingesting attached files."""

from io import BytesIO

import pytest
from PIL import Image

from core.media.folder import FolderMedia
from core.media.intake import MAX_PICTURE_BYTES, FileTooLarge, ingest
from core.media.kinds import UnsupportedFile, detect_content_type
from core.media.pictures import CorruptPicture

VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 100


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
        (b"\0\0\0\x18ftypheic" + b"\0" * 90, "a HEIC picture"),
        (b"\0\0\0\x18ftypavif" + b"\0" * 90, "an AVIF picture"),
        (b"\0\0\0\x14ftypqt  " + b"\0" * 90, "a QuickTime video"),
        (b"\0\0\0\x14ftyp3gp5" + b"\0" * 90, "of a kind that no network accepts"),
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


def test_the_content_type_comes_from_the_content():
    assert detect_content_type(picture("PNG")) == "image/png"


def test_a_file_that_is_too_large_is_refused_before_decoding(store):
    with pytest.raises(FileTooLarge, match=r"30\.0 MB; the limit is 30 MB"):
        ingest(store, picture() + b"\0" * MAX_PICTURE_BYTES)
