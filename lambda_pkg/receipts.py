"""The relay's receipts in the ledger's table, appended only, and the occurrences that they belong to."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

RECEIPTS_KEPT = timedelta(days=400)
"""How long receipts and claims stay after the due instant; then DynamoDB's time to live deletes them."""
LIST_PARTITIONS = 4
"""The number of partitions of each list in the table, such as History."""
MAX_RESULTS_CHARACTERS = 100_000
"""Longer results are dropped: an item holds at most 400 KB, and only a foreign server returns so many."""


class ReceiptTable:
    """The relay's view of one table: the receipts in partition `post#<post id>`, in time order per occurrence."""

    def __init__(self, table_name: str, client: Any) -> None:
        self._table_name = table_name
        self._client = client

    def count_attempts(self, post_id: str, occurrence_key: str, revision: int) -> int:
        """Return the number of earlier attempts for this revision of an occurrence. Raises botocore's errors."""
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
        """List the occurrence with its payload `body`, then append its receipt. Raises botocore's errors."""
        self._list_occurrence(receipt, body)
        at = receipt["finished_at"]
        self._put(
            {
                **receipt,
                "pk": f"post#{receipt['post_id']}",
                "sk": f"receipt#{receipt['occurrence_key']}#{at}#{secrets.token_hex(4)}",
                "at": at,
                "results": _results(receipt["results"]),
                "expires_at": _expiry(receipt),
            }
        )

    def _list_occurrence(self, receipt: dict[str, Any], body: bytes) -> None:
        """Put the occurrence into History, unless History lists this revision or a newer one.

        `from_relay` marks a revision that the ledger has not compared with the plan yet.
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
            "listing": f"history#{sum(key.encode()) % LIST_PARTITIONS}",
            "listed_at": f"{receipt['due_at']}#{key}",
            "expires_at": _expiry(receipt),
        }
        try:
            self._put(
                occurrence,
                ConditionExpression="attribute_not_exists(pk) OR revision < :revision"
                " OR (revision = :revision AND attribute_not_exists(listing))",
                ExpressionAttributeValues={":revision": attribute_value(receipt["revision"])},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def _put(self, item: dict[str, Any], **condition: Any) -> None:
        attributes = {name: attribute_value(value) for name, value in item.items() if value is not None}
        self._client.put_item(TableName=self._table_name, Item=attributes, **condition)


def _expiry(receipt: dict[str, Any]) -> int:
    return int((datetime.fromisoformat(receipt["due_at"]) + RECEIPTS_KEPT).timestamp())


def _results(results: list[dict[str, Any]]) -> str:
    text = json.dumps(results)
    return text if len(text) <= MAX_RESULTS_CHARACTERS else "[]"


def attribute_value(value: str | int | bool) -> dict[str, Any]:
    """Return a value in DynamoDB's format."""
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}
