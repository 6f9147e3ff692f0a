"""A media store in an S3 bucket."""

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from io import BufferedReader, RawIOBase
from threading import Lock
from typing import Any

from core.aws_errors import translate_aws_errors
from core.errors import shortage_of
from core.media.content import PIECE_BYTES, Content, FileContent, temporary_content
from core.media.port import MissingMedia, StoredMedia, check_content, is_reference, reference_of

PREFIX = "media/"
KEPT_BYTES, KEPT_FILES = 250_000_000, 8
"""The most bytes, and the most files, that `open` keeps on this machine's disk. A function on AWS has 512 MB for them,
and each is an open file."""
_AFFECTED = "the video cannot be read now"


class S3Media:
    """The media port on a bucket: one object `media/<reference>` for each file.

    The methods raise the errors of core.aws_errors.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        """Use a boto3 `s3` client that may read, write, list and delete objects under `media/`."""
        self._client = client
        self._bucket = bucket
        self._opened: OrderedDict[str, Content] = OrderedDict()
        self._opening = Lock()

    def put(self, content: Content) -> str:
        reference = reference_of(content)
        body = content if isinstance(content, bytes) else BufferedReader(_Reader(content), PIECE_BYTES)
        with translate_aws_errors():
            self._client.put_object(Bucket=self._bucket, Key=PREFIX + reference, Body=body, ContentLength=len(content))
        return reference

    def get(self, reference: str) -> bytes:
        with translate_aws_errors():
            content: bytes = self._body(reference).read()
        return check_content(content, reference)

    def open(self, reference: str) -> Content:
        """Download a file to this machine's disk. The files opened last are kept there, up to the limits above.

        One file is downloaded at a time: the attempts of one post to several networks share it. Raises MachineShortage
        if the disk is full.
        """
        with self._opening:
            content = self._opened.pop(reference, None)
            if content is None:
                content = check_content(self._download(reference), reference)
            self._opened[reference] = content
            while len(self._opened) > 1 and self._keeps_too_much():
                self._opened.popitem(last=False)
        return content

    def _keeps_too_much(self) -> bool:
        return len(self._opened) > KEPT_FILES or sum(map(len, self._opened.values())) > KEPT_BYTES

    def _download(self, reference: str) -> FileContent:
        with translate_aws_errors():
            body = self._body(reference)
            try:
                return temporary_content(body.iter_chunks(PIECE_BYTES))
            except OSError as error:
                raise shortage_of(error, _AFFECTED) or error from error

    def _body(self, reference: str) -> Any:
        """Return the stream of an object. Raises MissingMedia, and the errors of the client."""
        if not is_reference(reference):
            raise MissingMedia(reference)
        try:
            return self._client.get_object(Bucket=self._bucket, Key=PREFIX + reference)["Body"]
        except self._client.exceptions.NoSuchKey:
            raise MissingMedia(reference) from None

    def exists(self, reference: str) -> bool:
        return self.stored_at(reference) is not None

    def touch(self, reference: str) -> None:
        if not is_reference(reference):
            return
        key = PREFIX + reference
        with translate_aws_errors(), suppress(self._client.exceptions.NoSuchKey):
            self._client.copy_object(
                Bucket=self._bucket,
                Key=key,
                CopySource={"Bucket": self._bucket, "Key": key},
                MetadataDirective="REPLACE",  # S3 copies an object onto itself only with a change
            )

    def stored_at(self, reference: str) -> datetime | None:
        if not is_reference(reference):
            return None
        key = PREFIX + reference
        with translate_aws_errors():
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)
        return next((each["LastModified"] for each in found.get("Contents", []) if each["Key"] == key), None)

    def scan(self) -> Iterator[StoredMedia]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX)
        with translate_aws_errors():
            for page in pages:
                for each in page.get("Contents", []):
                    reference = each["Key"].removeprefix(PREFIX)
                    if is_reference(reference):
                        yield StoredMedia(reference=reference, stored_at=each["LastModified"])

    def delete(self, reference: str) -> None:
        if not is_reference(reference):
            return
        with translate_aws_errors():
            self._client.delete_object(Bucket=self._bucket, Key=PREFIX + reference)


class _Reader(RawIOBase):
    """A content as a file: the client reads it twice, for its checksum and to send it."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._content[self._position : self._position + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: len(self._content)}[whence]
        self._position = start + offset
        return self._position
