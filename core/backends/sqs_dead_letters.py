"""The dead letters on AWS: the SQS queues of the scheduler and of the relay."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from core.aws_errors import translate_aws_errors
from core.posts.payload import SCHEDULED_TIME
from core.scheduling.dead_letters import DeadLetter
from core.time.instants import from_epoch_ms
from lambda_pkg.event import UnreadableEvent
from lambda_pkg.invocation import unwrap_payload

MAX_LETTERS = 200
"""The most letters to read from one queue. Each method of the store receives all of them again."""
VISIBILITY_SECONDS = 30
"""How long SQS hides a received message if the process ends before it makes the message visible again."""

UNKNOWN_REASON = "No reason was given."


class SqsDeadLetters:
    """The dead-letter store in SQS queues. Reading hides messages, so each method makes them visible again."""

    def __init__(self, sqs: Any, urls: Mapping[str, str], *, wait_seconds: int = 1) -> None:
        """Store the client and the queue URLs by the name of their source.

        With `wait_seconds` of 1 or more, SQS asks all its servers. With 0, a short queue may seem empty.
        """
        self._sqs = sqs
        self._urls = urls
        self._wait_seconds = wait_seconds
        self._receiving = Lock()

    def all(self) -> list[DeadLetter]:
        found = []
        for source, url in self._urls.items():
            with self._received(url) as messages:
                found += [_letter(source, message) for message in messages.values()]
        return sorted(found, key=lambda letter: letter.failed_at, reverse=True)

    def contains(self, letter_id: str) -> bool:
        url, message_id = self._locate(letter_id)
        with self._received(url) as messages:
            return message_id in messages

    def remove(self, letter_id: str) -> bool:
        url, message_id = self._locate(letter_id)
        with self._received(url) as messages:
            if message_id not in messages:
                return False
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[message_id]["ReceiptHandle"])
            del messages[message_id]
            return True

    def _locate(self, letter_id: str) -> tuple[str, str]:
        source, _, message_id = letter_id.partition("/")
        return self._urls[source], message_id

    @contextmanager
    def _received(self, url: str) -> Iterator[dict[str, dict[str, Any]]]:
        """Yield the messages of a queue by id, and make the remaining ones visible again afterwards.

        SQS may deliver a message more than once, and does if reading exceeds the visibility timeout. Only the last
        receipt handle is valid.
        """
        messages: dict[str, dict[str, Any]] = {}
        received = 0
        with self._receiving, translate_aws_errors():  # two readers would hide messages from each other
            try:
                while received < MAX_LETTERS and (batch := self._receive(url)):
                    received += len(batch)
                    messages |= {message["MessageId"]: message for message in batch}
                yield messages
            finally:
                remaining = list(messages.values())
                for first in range(0, len(remaining), 10):
                    self._make_visible(url, remaining[first : first + 10])

    def _receive(self, url: str) -> list[dict[str, Any]]:
        received: list[dict[str, Any]] = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=VISIBILITY_SECONDS,
            WaitTimeSeconds=self._wait_seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages", [])
        return received

    def _make_visible(self, url: str, messages: list[dict[str, Any]]) -> None:
        """Make up to ten messages visible; a message for which this fails becomes visible after its timeout."""
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
            for number, message in enumerate(messages)
        ]
        self._sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def _letter(source: str, message: dict[str, Any]) -> DeadLetter:
    payload, reason = _read(message)
    return DeadLetter(
        id=f"{source}/{message['MessageId']}",
        source=source,
        payload=payload,
        reason=reason,
        failed_at=from_epoch_ms(int(message["Attributes"]["SentTimestamp"])),
    )


def _read(message: dict[str, Any]) -> tuple[str, str]:
    """Return the payload of the invocation and the reason of its failure.

    Lambda wraps both into a record. The scheduler sends the payload itself, with the reason in message attributes
    (docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html).
    """
    try:
        record = json.loads(message["Body"])
    except (ValueError, RecursionError):  # JSON nested a thousand levels deep raises the latter
        record = None
    if isinstance(record, dict) and "requestPayload" in record:
        return _unwrap(message["Body"]), _reason_of(record)
    attributes = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
    payload = message["Body"].replace(SCHEDULED_TIME, attributes.get("SCHEDULED_TIME") or SCHEDULED_TIME, 1)
    return payload, attributes.get("ERROR_MESSAGE") or attributes.get("ERROR_CODE") or UNKNOWN_REASON


def _unwrap(body: str) -> str:
    try:
        return json.dumps(unwrap_payload({"Records": [{"body": body}]}), ensure_ascii=False)
    except UnreadableEvent:
        return body


def _reason_of(record: dict[str, Any]) -> str:
    response, context = record.get("responsePayload"), record.get("requestContext")
    if isinstance(response, dict) and response.get("errorMessage"):
        return str(response["errorMessage"])
    condition = context.get("condition") if isinstance(context, dict) else None
    return str(condition or UNKNOWN_REASON)
