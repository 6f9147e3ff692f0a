"""The dead letters on AWS: SQS queues of the scheduler's and of the relay's."""

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

MOST = 200
"""Letters that are read of one queue; a page shows no more, and each is received anew."""
HIDDEN_SECONDS = 30
"""How long one reader hides a message from others, should it die before it shows it again."""

UNSAID = "No reason was given."


class SqsDeadLetters:
    """The shelf on some queues. SQS has no way to look without receiving, so what is received is shown again."""

    def __init__(self, sqs: Any, urls: Mapping[str, str], *, wait_seconds: int = 1) -> None:
        """`urls` are the queues by the names that letters shall bear.

        A wait of a second or more makes SQS ask all its servers; without, a short queue may look empty.
        """
        self._sqs = sqs
        self._urls = urls
        self._wait_seconds = wait_seconds
        self._receiving = Lock()

    def all(self) -> list[DeadLetter]:
        found = []
        for where, url in self._urls.items():
            with self._received(url) as messages:
                found += [_letter(where, message) for message in messages.values()]
        return sorted(found, key=lambda letter: letter.failed_at, reverse=True)

    def contains(self, letter_id: str) -> bool:
        url, message_id = self._place(letter_id)
        with self._received(url) as messages:
            return message_id in messages

    def remove(self, letter_id: str) -> bool:
        url, message_id = self._place(letter_id)
        with self._received(url) as messages:
            if message_id not in messages:
                return False
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[message_id]["ReceiptHandle"])
            del messages[message_id]
            return True

    def _place(self, letter_id: str) -> tuple[str, str]:
        where, _, message_id = letter_id.partition("/")
        return self._urls[where], message_id

    @contextmanager
    def _received(self, url: str) -> Iterator[dict[str, dict[str, Any]]]:
        """Receive what lies in a queue, by message id, and show the rest of it again afterwards.

        SQS may hand a message out more than once, and does when reading takes longer than hiding; its last receipt
        handle is the one that counts.
        """
        messages: dict[str, dict[str, Any]] = {}
        received = 0
        with self._receiving, translate_aws_errors():  # two windows would each hide some from the other
            try:
                while received < MOST and (batch := self._receive(url)):
                    received += len(batch)
                    messages |= {message["MessageId"]: message for message in batch}
                yield messages
            finally:
                left = list(messages.values())
                for first in range(0, len(left), 10):
                    self._show(url, left[first : first + 10])

    def _receive(self, url: str) -> list[dict[str, Any]]:
        received: list[dict[str, Any]] = self._sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=self._wait_seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages", [])
        return received

    def _show(self, url: str, messages: list[dict[str, Any]]) -> None:
        """Let others receive up to ten messages at once; those that cannot be shown come back by themselves."""
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
            for number, message in enumerate(messages)
        ]
        self._sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)


def _letter(where: str, message: dict[str, Any]) -> DeadLetter:
    payload, reason = _read(message)
    return DeadLetter(
        id=f"{where}/{message['MessageId']}",
        source=where,
        payload=payload,
        reason=reason,
        failed_at=from_epoch_ms(int(message["Attributes"]["SentTimestamp"])),
    )


def _read(message: dict[str, Any]) -> tuple[str, str]:
    """Return what the relay was invoked with, and why it was given up.

    Lambda wraps both into a record. The scheduler sends the payload as it is, with attributes that tell the rest
    (docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html).
    """
    try:
        record = json.loads(message["Body"])
    except (ValueError, RecursionError):  # the latter, where brackets stand in brackets a thousand times over
        record = None
    if isinstance(record, dict) and "requestPayload" in record:
        return _unwrapped(message["Body"]), _reason_of(record)
    told = {name: value.get("StringValue", "") for name, value in message.get("MessageAttributes", {}).items()}
    payload = message["Body"].replace(SCHEDULED_TIME, told.get("SCHEDULED_TIME") or SCHEDULED_TIME, 1)
    return payload, told.get("ERROR_MESSAGE") or told.get("ERROR_CODE") or UNSAID


def _unwrapped(body: str) -> str:
    try:
        return json.dumps(unwrap_payload({"Records": [{"body": body}]}), ensure_ascii=False)
    except UnreadableEvent:
        return body


def _reason_of(record: dict[str, Any]) -> str:
    answered, context = record.get("responsePayload"), record.get("requestContext")
    if isinstance(answered, dict) and answered.get("errorMessage"):
        return str(answered["errorMessage"])
    condition = context.get("condition") if isinstance(context, dict) else None
    return str(condition or UNSAID)
