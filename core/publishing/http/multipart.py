"""Forms with files in them, as networks take pictures (RFC 7578)."""

from collections.abc import Mapping
from typing import Any

from urllib3 import encode_multipart_formdata

from core.publishing.attachments import Attachment
from core.publishing.http.client import Answer, Line


def post_form(
    line: Line,
    url: str,
    fields: Mapping[str, str],
    files: Mapping[str, Attachment],
    *,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> Answer:
    """POST a form with files under their names. Takes the options of `Line.send`; raises Unreachable or BrokenOff."""
    parts = dict(fields) | {name: (file.name, file.content, file.content_type) for name, file in files.items()}
    body, content_type = encode_multipart_formdata(parts)
    return line.send("POST", url, body=body, headers={**(headers or {}), "Content-Type": content_type}, **options)
