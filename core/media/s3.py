"""A media store in an S3 bucket."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from core.aws_errors import translate_aws_errors
from core.media.port import MissingMedia, StoredMedia, check_content, is_reference, reference_of

PREFIX = "media/"


class S3Media:
    """The media port on a bucket: one object `media/<reference>` for each file.

    The methods raise the errors of core.aws_errors.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        """Use a boto3 `s3` client that may read, write, list and delete objects under `media/`."""
        self._client = client
        self._bucket = bucket

    def put(self, content: bytes) -> str:
        reference = reference_of(content)
        with translate_aws_errors():
            self._client.put_object(Bucket=self._bucket, Key=PREFIX + reference, Body=content)
        return reference

    def get(self, reference: str) -> bytes:
        if not is_reference(reference):
            raise MissingMedia(reference)
        with translate_aws_errors():
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=PREFIX + reference)
            except self._client.exceptions.NoSuchKey:
                raise MissingMedia(reference) from None
            content: bytes = found["Body"].read()
        return check_content(content, reference)

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
