"""The relay as a Lambda function: delivers the post of an event and records the receipt in the table.

Lambda gives a function a whole processor while it imports this module, and at 128 MB a fourteenth of one afterwards. So
this module imports and makes at once what an invocation needs.
"""

import encodings.idna  # noqa: F401 - Python reads each host name with it
import functools
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambda_pkg.address import Authorize
from lambda_pkg.clients import client
from lambda_pkg.event import Event, UnreadableEvent, read_event
from lambda_pkg.failure_metrics import failure_metric
from lambda_pkg.http_client import Connection, tls_context
from lambda_pkg.iam_signature import IamSigner
from lambda_pkg.invocation import unwrap_payload
from lambda_pkg.log_lines import write_line
from lambda_pkg.receipts import ReceiptTable
from lambda_pkg.relay import AttemptFailed, Clock, RelayConfig, RelayReceipt, deliver
from lambda_pkg.settings import InvalidVariable, RelaySettings
from lambda_pkg.signing_secret import SigningSecretCache, not_stored

_LOGGED_MEMBERS = (
    *("post_id", "revision", "occurrence_key", "due_at", "posted_at"),
    *("finished_at", "attempt", "status", "error"),
)


def make_ahead(variables: Mapping[str, str]) -> None:
    """Make what invocations share, and connect to AWS. An invocation meets any fault again, and reports it."""
    tls_context()
    with suppress(InvalidVariable, BotoCoreError, ClientError):
        settings = RelaySettings.read(variables)
        if settings.iam_region is not None:
            _signer(settings.posting_url, settings.iam_region)
        _signing_secret(settings.signing_secret_parameter).read(datetime.now(UTC))
        if settings.table_name is not None:  # the question is for its connection, which stays open
            ReceiptTable(settings.table_name, client("dynamodb")).count_attempts("", "", 0)


def handle(event: Mapping[str, Any], context: object) -> RelayReceipt | None:
    """Run as Lambda's entry point. Raises InvalidVariable before any other work, or the errors of `relay_event`."""
    settings = RelaySettings.read(os.environ)
    return relay_event(event, settings, clock=lambda: datetime.now(UTC), sleep=time.sleep)


def relay_event(
    event: Mapping[str, Any], settings: RelaySettings, *, clock: Clock, sleep: Callable[[float], None]
) -> RelayReceipt | None:
    """Deliver the post of an event, record the receipt, and return it.

    An unreadable event goes to the dead-letter queue at once, and the result is None. A run that does not count leaves
    no receipt, and the result is None too. The slow steps (reading the secret and counting earlier attempts) run before
    the due instant. Without a table, each attempt counts as the first, because Lambda does not tell its number. Raises
    InvokedTooEarly, AttemptFailed after recording it, or botocore's errors if recording fails; then Lambda retries.
    """
    try:
        payload = unwrap_payload(event)
        post = read_event(payload)
    except UnreadableEvent as error:
        _put_aside(event, error, settings, clock())
        return None
    if post.excluded:
        _log("info", "skipped", post_id=post.post_id, occurrence_key=post.occurrence_key, revision=post.revision)
        return None
    receipts = ReceiptTable(settings.table_name, client("dynamodb")) if settings.table_name else None
    config = _config(settings, clock())
    try:
        with Connection() as connection:
            attempt = _attempt_number(post, receipts)
            receipt = deliver(payload, config, connection, attempt=attempt, clock=clock, sleep=sleep)
    except AttemptFailed as failure:
        _signing_secret(settings.signing_secret_parameter).expire()  # the server may have another one
        _record(failure.receipt, post, receipts)
        raise
    _record(receipt, post, receipts)
    _count(receipt["kind"], settings, clock())
    return receipt


def _config(settings: RelaySettings, now: datetime) -> RelayConfig:
    """Return the relay's configuration, with the reason if the signing secrets cannot be read."""
    secrets, fault = _secrets(settings.signing_secret_parameter, now)
    region = settings.iam_region
    return RelayConfig(
        posting_url=settings.posting_url,
        secrets=secrets,
        secrets_fault=fault,
        allowed_hosts=settings.allowed_hosts,
        prepare_url=settings.prepare_url,
        authorize=None if region is None else _signer(settings.posting_url, region),
    )


def _attempt_number(post: Event, receipts: ReceiptTable | None) -> int:
    """Return the number of this attempt, or 1 if no table can be read: the post goes out anyway."""
    if receipts is None:
        return 1
    try:
        return receipts.count_attempts(post.post_id, post.occurrence_key, post.revision) + 1
    except (BotoCoreError, ClientError) as error:
        _log("error", "Counting the earlier attempts failed.", error=str(error))
        return 1


def _secrets(parameter: str, now: datetime) -> tuple[tuple[str, ...], str | None]:
    """Return the signing secrets, or the reason why there are none, which the relay reports with the post.

    While Parameter Store does not answer, those that were read last sign: the server refuses them if they changed.
    """
    cache = _signing_secret(parameter)
    try:
        return cache.read(now), None
    except (BotoCoreError, ClientError) as error:
        _log("error", "Reading the signing secret failed.", error=str(error))
        if cache.latest and _is_outage(error):
            return cache.latest, None
        if isinstance(error, ClientError) and error.response["Error"]["Code"] == "ParameterNotFound":
            remedy = "Run make deploy, or python -m core store-secret."
            return (), f"{not_stored(parameter)} {remedy}"
        remedy = "The relay's log names the cause. Punctual tries again by itself."
        return (), f"The signing secret {parameter} could not be read. {remedy}"


def _is_outage(error: BotoCoreError | ClientError) -> bool:
    """Return whether AWS did not answer, or may answer the same request later."""
    if not isinstance(error, ClientError):
        return True
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return status >= 500 or error.response["Error"]["Code"] == "ThrottlingException"


@functools.cache
def _signing_secret(parameter: str) -> SigningSecretCache:
    return SigningSecretCache(parameter, client("ssm"))


@functools.cache
def _signer(url: str, region: str) -> Authorize:
    return IamSigner(url, region)


def _record(receipt: RelayReceipt, post: Event, receipts: ReceiptTable | None) -> None:
    level = "info" if receipt["kind"] == "handed_over" else "error"
    _log(level, receipt["kind"], **{name: receipt[name] for name in _LOGGED_MEMBERS})
    if receipts is not None:
        receipts.record(receipt, post.body)


def _put_aside(event: Mapping[str, Any], error: UnreadableEvent, settings: RelaySettings, now: datetime) -> None:
    """Log an unreadable event. Send it to the dead-letter queue as Lambda does, or count it as failed without one."""
    if settings.dead_letter_url is None:
        _count("failed", settings, now)
    else:
        record = {
            "requestPayload": event,
            "responsePayload": {"errorType": type(error).__name__, "errorMessage": str(error)},
        }
        client("sqs").send_message(QueueUrl=settings.dead_letter_url, MessageBody=json.dumps(record))
    _log("error", "unreadable event", error=str(error))


def _count(kind: str, settings: RelaySettings, now: datetime) -> None:
    """Count a receipt of this kind, if its kind is counted and the stack has a name."""
    if settings.stack_name is not None and (metric := failure_metric(kind, settings.stack_name, now)):
        write_line(metric)


def _log(level: str, message: str, **facts: Any) -> None:
    """Write one line. It never holds a post's text or a server's response, which may repeat the text."""
    write_line({"level": level.upper(), "message": message, **facts})


make_ahead(os.environ)
