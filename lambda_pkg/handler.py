"""The relay as a Lambda: what it is invoked with goes to the relay, what became of it goes to the table."""

import functools
import json
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from lambda_pkg.clients import client
from lambda_pkg.event import Event, UnreadableEvent, read_event
from lambda_pkg.invocation import payload_of
from lambda_pkg.receipts import Receipts
from lambda_pkg.relay import Clock, Environment, HandOverFailed, Receipt, deliver
from lambda_pkg.settings import Settings
from lambda_pkg.signing_secret import SigningSecret

_LOGGED = ("post_id", "revision", "occurrence_key", "due_at", "posted_at", "finished_at", "attempt", "status", "error")


def handle(event: Mapping[str, Any], context: object) -> Receipt | None:
    """Lambda's entry. Raises UnusableSetting on its first line, or what `relay_event` raises."""
    settings = Settings.read(os.environ)
    return relay_event(event, settings, clock=lambda: datetime.now(UTC), sleep=time.sleep)


def relay_event(
    event: Mapping[str, Any], settings: Settings, *, clock: Clock, sleep: Callable[[float], None]
) -> Receipt | None:
    """Hand over the post that the function was invoked with, record the receipt, and return it.

    What cannot be read goes to the dead-letter queue at once, and None is returned. All that is slow (importing boto3,
    reading the secret and the attempts made before) is done before the due instant, while there is time.
    Raises HandOverFailed, after recording it, InvokedTooEarly, or botocore's errors when nothing could be recorded, so
    that Lambda tries again.
    """
    try:
        payload = payload_of(event)
        post = read_event(payload)
    except UnreadableEvent as error:
        _set_aside(event, error, settings)
        return None
    from lambda_pkg.http_client import Line  # slow to load

    receipts = Receipts(settings.table_name, client("dynamodb"))
    environment = Environment(
        posting_url=settings.posting_url,
        secrets=_secrets(settings.signing_secret_arn, clock()),
        allowed_hosts=settings.allowed_hosts,
    )
    try:
        with Line() as line:
            receipt = deliver(payload, environment, line, attempt=_attempt(post, receipts), clock=clock, sleep=sleep)
    except HandOverFailed as failure:
        _keep(failure.receipt, post, receipts)
        raise
    _keep(receipt, post, receipts)
    return receipt


def _attempt(post: Event, receipts: Receipts) -> int:
    """Number this attempt. Where the table cannot be read, the post goes out all the same, as if for the first time."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return receipts.attempts(post.post_id, post.occurrence_key, post.revision) + 1
    except (BotoCoreError, ClientError) as error:
        _log("error", "The attempts made before could not be counted.", error=str(error))
        return 1


def _secrets(arn: str, now: datetime) -> tuple[str, ...]:
    """Return the signing secrets; none, where they cannot be read, which the relay then reports with the post."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return _signing_secret(arn).at(now)
    except (BotoCoreError, ClientError) as error:
        _log("error", "The signing secret could not be read.", error=str(error))
        return ()


@functools.cache
def _signing_secret(arn: str) -> SigningSecret:
    return SigningSecret(arn, client("secretsmanager"))


def _keep(receipt: Receipt, post: Event, receipts: Receipts) -> None:
    level = "info" if receipt["kind"] == "handed_over" else "error"
    _log(level, receipt["kind"], **{name: receipt[name] for name in _LOGGED})
    receipts.record(receipt, post.body)


def _set_aside(event: Mapping[str, Any], error: UnreadableEvent, settings: Settings) -> None:
    """Send what cannot be read to the dead-letter queue, in the form of Lambda's own records of failures."""
    record = {
        "requestPayload": event,
        "responsePayload": {"errorType": type(error).__name__, "errorMessage": str(error)},
    }
    client("sqs").send_message(QueueUrl=settings.dead_letter_url, MessageBody=json.dumps(record))
    _log("error", "set aside", error=str(error))


def _log(level: str, message: str, **facts: Any) -> None:
    """Write one line of JSON. Never the text of a post, nor a server's answer, which may repeat it."""
    print(json.dumps({"level": level.upper(), "message": message, **facts}), flush=True)
