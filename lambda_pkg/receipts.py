"""Receipts in the ledger's table: one item each, only ever added."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

KEPT = timedelta(days=400)
"""After the due instant, as long as fence entries; then DynamoDB's time-to-live deletes them."""
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

    def record(self, receipt: dict[str, Any]) -> None:
        """Add a receipt. Raises botocore's errors."""
        at = receipt["finished_at"]
        item = {
            **receipt,
            "pk": f"post#{receipt['post_id']}",
            "sk": f"receipt#{receipt['occurrence_key']}#{at}#{secrets.token_hex(4)}",
            "at": at,
            "results": _text(receipt["results"]),
            "expires_at": int((datetime.fromisoformat(receipt["due_at"]) + KEPT).timestamp()),
        }
        self._client.put_item(
            TableName=self._table_name,
            Item={name: _attribute(value) for name, value in item.items() if value is not None},
        )


def _text(results: list[dict[str, Any]]) -> str:
    text = json.dumps(results)
    return text if len(text) <= RESULTS_LENGTH else "[]"


def _attribute(value: str | int) -> dict[str, str]:
    return {"N": str(value)} if isinstance(value, int) else {"S": value}
