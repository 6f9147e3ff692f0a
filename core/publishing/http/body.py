"""The body of a request, whose files are read while it is sent, so that a large one is never in memory as a whole."""

from collections.abc import Iterator, Mapping

from urllib3.fields import RequestField
from urllib3.filepost import choose_boundary

from core.media.content import Content, pieces


class Body:
    """Several contents one after the other. `requests` takes the length from `len`, and sends what is iterated."""

    def __init__(self, *contents: Content) -> None:
        self._contents = contents

    def __len__(self) -> int:
        return sum(map(len, self._contents))

    def __iter__(self) -> Iterator[bytes]:
        for content in self._contents:
            yield from pieces(content)


def form_body(fields: Mapping[str, str], files: Mapping[str, tuple[str, Content, str]]) -> tuple[Body, str]:
    """Return the body of a multipart form, and its content type.

    A file is its name, its content and its content type.
    """
    boundary = choose_boundary()
    contents: list[Content] = []
    for name, text in fields.items():
        contents += _field(boundary, RequestField.from_tuples(name, text), text.encode())
    for name, (file_name, content, content_type) in files.items():
        contents += _field(boundary, RequestField.from_tuples(name, (file_name, b"", content_type)), content)
    return Body(*contents, f"--{boundary}--\r\n".encode()), f"multipart/form-data; boundary={boundary}"


def _field(boundary: str, field: RequestField, content: Content) -> list[Content]:
    return [f"--{boundary}\r\n{field.render_headers()}".encode(), content, b"\r\n"]
