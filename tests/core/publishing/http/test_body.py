"""Bodies of requests that are read while they are sent."""

import pytest
from urllib3.filepost import encode_multipart_formdata

from core.media.content import PIECE_BYTES, FileContent, Section
from core.publishing.http.body import Body, form_body


@pytest.mark.parametrize("name", ["film.mp4", 'a "quoted" name.mp4', "Übersicht.mp4"])
def test_a_form_has_the_bytes_that_urllib3_makes_of_it(tmp_path, name):
    content = bytes(range(256)) * 3000
    (tmp_path / "film").write_bytes(content)
    body, content_type = form_body({"text": "Grüße"}, {"file": (name, FileContent(tmp_path / "film"), "video/mp4")})
    boundary = content_type.partition("boundary=")[2]
    expected = encode_multipart_formdata([("text", "Grüße"), ("file", (name, content, "video/mp4"))], boundary)
    assert (b"".join(body), content_type) == expected
    assert len(body) == len(expected[0])


def test_a_file_is_read_in_pieces(tmp_path):
    (tmp_path / "film").write_bytes(b"x" * (2 * PIECE_BYTES + 5))
    assert list(map(len, Body(b"head", FileContent(tmp_path / "film")))) == [4, PIECE_BYTES, PIECE_BYTES, 5]


@pytest.mark.parametrize(("start", "stop"), [(0, 4), (2, 10), (3, 3), (8, 99), (40, 50)])
def test_a_section_is_a_slice_that_is_read_later(start, stop):
    content = b"0123456789"
    section = Section(content, start, stop)
    assert (len(section), section[:]) == (len(content[start:stop]), content[start:stop])
    assert section[1:3] == content[start:stop][1:3]
