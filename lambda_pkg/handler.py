"""The relay as a Lambda function: delivers the post of an event and records the receipt in the table."""

import functools
import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from lambda_pkg.clients import client
from lambda_pkg.event import Event, UnreadableEvent, read_event
from lambda_pkg.invocation import unwrap_payload
from lambda_pkg.receipts import ReceiptTable
from lambda_pkg.relay import AttemptFailed, Clock, RelayConfig, RelayReceipt, deliver
from lambda_pkg.settings import RelaySettings
from lambda_pkg.signing_secret import SigningSecretCache

_LOGGED_MEMBERS = (
    *("post_id", "revision", "occurrence_key", "due_at", "posted_at"),
    *("finished_at", "attempt", "status", "error"),
)


def handle(event: Mapping[str, Any], context: object) -> RelayReceipt | None:
    """Run as Lambda's entry point. Raises InvalidVariable before any other work, or the errors of `relay_event`."""
    settings = RelaySettings.read(os.environ)
    return relay_event(event, settings, clock=lambda: datetime.now(UTC), sleep=time.sleep)


def relay_event(
    event: Mapping[str, Any], settings: RelaySettings, *, clock: Clock, sleep: Callable[[float], None]
) -> RelayReceipt | None:
    """Deliver the post of an event, record the receipt, and return it.

    An unreadable event goes to the dead-letter queue at once, and the result is None. A run that does not count leaves
    no receipt, and the result is None too. The slow steps (importing boto3,
    reading the secret and counting earlier attempts) run before the due instant. Raises InvokedTooEarly,
    AttemptFailed after recording it, or botocore's errors if recording fails; then Lambda retries.
    """
    try:
        payload = unwrap_payload(event)
        post = read_event(payload)
    except UnreadableEvent as error:
        _send_to_dead_letters(event, error, settings)
        return None
    from lambda_pkg.http_client import Connection  # slow to import

    if post.excluded:
        _log("info", "skipped", post_id=post.post_id, occurrence_key=post.occurrence_key, revision=post.revision)
        return None
    receipts = ReceiptTable(settings.table_name, client("dynamodb"))
    config = RelayConfig(
        posting_url=settings.posting_url,
        secrets=_secrets(settings.signing_secret_arn, clock()),
        allowed_hosts=settings.allowed_hosts,
        prepare_url=settings.prepare_url,
    )
    try:
        with Connection() as connection:
            attempt = _attempt_number(post, receipts)
            receipt = deliver(payload, config, connection, attempt=attempt, clock=clock, sleep=sleep)
    except AttemptFailed as failure:
        _record(failure.receipt, post, receipts)
        raise
    _record(receipt, post, receipts)
    return receipt


def _attempt_number(post: Event, receipts: ReceiptTable) -> int:
    """Return the number of this attempt, or 1 if the table cannot be read: the post goes out anyway."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return receipts.count_attempts(post.post_id, post.occurrence_key, post.revision) + 1
    except (BotoCoreError, ClientError) as error:
        _log("error", "Counting the earlier attempts failed.", error=str(error))
        return 1


def _secrets(arn: str, now: datetime) -> tuple[str, ...]:
    """Return the signing secrets, or none if they cannot be read. The relay then reports the failure with the post."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return _signing_secret(arn).read(now)
    except (BotoCoreError, ClientError) as error:
        _log("error", "Reading the signing secret failed.", error=str(error))
        return ()


@functools.cache
def _signing_secret(arn: str) -> SigningSecretCache:
    return SigningSecretCache(arn, client("secretsmanager"))


def _record(receipt: RelayReceipt, post: Event, receipts: ReceiptTable) -> None:
    level = "info" if receipt["kind"] == "handed_over" else "error"
    _log(level, receipt["kind"], **{name: receipt[name] for name in _LOGGED_MEMBERS})
    receipts.record(receipt, post.body)


def _send_to_dead_letters(event: Mapping[str, Any], error: UnreadableEvent, settings: RelaySettings) -> None:
    """Send an unreadable event to the dead-letter queue, in the format of Lambda's own failure records."""
    record = {
        "requestPayload": event,
        "responsePayload": {"errorType": type(error).__name__, "errorMessage": str(error)},
    }
    client("sqs").send_message(QueueUrl=settings.dead_letter_url, MessageBody=json.dumps(record))
    _log("error", "unreadable event", error=str(error))


def _log(level: str, message: str, **facts: Any) -> None:
    """Write one line of JSON. It never holds a post's text or a server's response, which may repeat the text."""
    print(json.dumps({"level": level.upper(), "message": message, **facts}), flush=True)
