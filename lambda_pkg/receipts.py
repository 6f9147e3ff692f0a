"""Receipts in the ledger's table, only ever added, and the occurrences they tell of."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

KEPT = timedelta(days=400)
"""After the due instant, as long as fence entries; then DynamoDB's time-to-live deletes them."""
BUCKETS = 4
"""Partitions that History is spread over: as many as the ledger reads."""
RESULTS_LENGTH = 100_000
"""Characters; an item holds 400 KB, and only a server that is not ours says so much."""


class Receipts:
    """The receipts of one table, under partition `post#<post id>`, in order of time for each occurrence."""

    def __init__(self, table_name: str, client: Any) -> None:
        self._table_name = table_name
        self._client = client

    def attempts(self, post_id: str, occurrence_key: str, revision: int) -> int:
        """Count the attempts that were made to hand over this revision of an occurrence. Raises botocore's errors."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table_name,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :occurrence)",
            FilterExpression="revision = :revision AND kind IN (:failed, :done)",
            ExpressionAttributeValues={
                ":pk": {"S": f"post#{post_id}"},
                ":occurrence": {"S": f"receipt#{occurrence_key}#"},
                ":revision": {"N": str(revision)},
                ":failed": {"S": "attempt_failed"},
                ":done": {"S": "handed_over"},
            },
            Select="COUNT",
            ConsistentRead=True,
        )
        return sum(page["Count"] for page in pages)

    def record(self, receipt: dict[str, Any], body: bytes) -> None:
        """Add a receipt, behind the occurrence that it tells of; `body` is the payload. Raises botocore's errors."""
        self._begin(receipt, body)
        at = receipt["finished_at"]
        self._put(
            {
                **receipt,
                "pk": f"post#{receipt['post_id']}",
                "sk": f"receipt#{receipt['occurrence_key']}#{at}#{secrets.token_hex(4)}",
                "at": at,
                "results": _text(receipt["results"]),
                "expires_at": _expiry(receipt),
            }
        )

    def _begin(self, receipt: dict[str, Any], body: bytes) -> None:
        """List the occurrence in History, unless it stands there with this revision or a newer one.

        `from_relay` tells the ledger, which reads it, that nobody has held it against the plan yet.
        """
        key = receipt["occurrence_key"]
        occurrence = {
            "pk": f"post#{receipt['post_id']}",
            "sk": f"occurrence#{key}",
            "version": secrets.token_hex(8),
            "occurrence_key": key,
            "revision": receipt["revision"],
            "content": body.decode(),
            "from_relay": True,
            "listing": f"history#{sum(key.encode()) % BUCKETS}",
            "listed_at": f"{receipt['due_at']}#{key}",
            "expires_at": _expiry(receipt),
        }
        try:
            self._put(
                occurrence,
                ConditionExpression="attribute_not_exists(pk) OR revision < :revision"
                " OR (revision = :revision AND attribute_not_exists(listing))",
                ExpressionAttributeValues={":revision": _attribute(receipt["revision"])},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _put(self, item: dict[str, Any], **condition: Any) -> None:
        attributes = {name: _attribute(value) for name, value in item.items() if value is not None}
        self._client.put_item(TableName=self._table_name, Item=attributes, **condition)


def _expiry(receipt: dict[str, Any]) -> int:
    return int((datetime.fromisoformat(receipt["due_at"]) + KEPT).timestamp())


def _text(results: list[dict[str, Any]]) -> str:
    text = json.dumps(results)
    return text if len(text) <= RESULTS_LENGTH else "[]"


def _attribute(value: str | int | bool) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}
