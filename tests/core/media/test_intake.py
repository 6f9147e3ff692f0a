"""What a person attaches."""

from io import BytesIO

import pytest
from PIL import Image

from core.media.folder import FolderMedia
from core.media.intake import PICTURE_BYTES, FileTooLarge, ingest
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
def test_a_picture_is_kept_with_what_it_is(store, form, content_type):
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


def test_a_video_is_kept_as_it_is(store):
    media = ingest(store, VIDEO)
    assert (media.kind, media.content_type, media.width) == ("video", "video/mp4", None)
    assert store.get(media.reference) == VIDEO


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"%PDF-1.7", "neither a picture nor a video"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither a picture nor a video"),
        (b"MZ" + b"\0" * 90, "neither a picture nor a video"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 90, "a HEIC picture"),
        (b"\0\0\0\x18ftypavif" + b"\0" * 90, "an AVIF picture"),
        (b"\0\0\0\x14ftypqt  " + b"\0" * 90, "a QuickTime video"),
        (b"\0\0\0\x14ftyp3gp5" + b"\0" * 90, "of a kind that no network takes"),
    ],
)
def test_what_no_network_takes_is_refused_and_named(store, content, said):
    with pytest.raises(UnsupportedFile, match=said) as refused:
        ingest(store, content)
    assert "JPEG" in refused.value.hint
    assert list(store.scan()) == []


def test_a_damaged_picture_is_refused_before_it_is_kept(store):
    with pytest.raises(CorruptPicture):
        ingest(store, picture("JPEG")[:60])
    assert list(store.scan()) == []


def test_a_picture_that_calls_itself_another_is_what_it_contains():
    assert detect_content_type(picture("PNG")) == "image/png"


def test_a_file_of_many_bytes_is_refused_before_it_is_decoded(store):
    with pytest.raises(FileTooLarge, match=r"30\.0 MB; 30 MB"):
        ingest(store, picture() + b"\0" * PICTURE_BYTES)
