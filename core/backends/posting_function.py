"""The posting server as a Lambda function behind a URL; it responds as the server's route does."""

import base64
import json
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from core.accounts.parameter_store import ParameterStoreAccounts
from core.aws_errors import translate_aws_errors
from core.errors import PunctualError
from core.ledger.dynamodb import DynamoLedger
from core.ledger.dynamodb_transactions import Table
from core.media.s3 import S3Media
from core.outbox.dynamodb import DynamoOutbox
from core.publishing import lag_metrics
from core.publishing.bulkheads import Bulkheads
from core.publishing.fence import Fence
from core.publishing.kept_uploads.dynamodb import DynamoUploads
from core.publishing.network import NetworkDependencies
from core.publishing.preparer import Preparer
from core.publishing.publisher import Publisher
from core.publishing.registry import Networks
from core.publishing.server_messages import (
    ServerResponse,
    error_response,
    preparation_response,
    read_request,
    result_response,
)
from core.scheduling.hold.dynamodb import DynamoHold
from core.time.instants import Clock
from lambda_pkg.clients import client
from lambda_pkg.log_lines import write_line
from lambda_pkg.prepare import PREPARE_ID_PREFIX, PREPARE_PATH
from lambda_pkg.signing_secret import SigningSecretCache

METHOD_NOT_ALLOWED = ServerResponse(
    status=405,
    content={"error": "Only POST is allowed.", "hint": "Let the relay send posts to this URL."},
    headers={"allow": "POST"},
)


class MissingVariable(ValueError):
    """An environment variable of the function is missing."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not set. Deploy the stack again to set it (cdk_min/README.md).")


class PostingFunction:
    """The handler of function URL events, payload format 2.0, for one event at a time.

    AWS passes only requests of roles that may call the function, and the function verifies the signature of each post.
    The path `/prepare` uploads the media of a post that is not due yet; a post without media only starts the function.
    Any other path publishes.
    Source of the format: docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html.
    """

    def __init__(
        self,
        publisher: Publisher,
        preparer: Preparer,
        secrets: Callable[[], Sequence[str]],
        stores: Sequence[Callable[[], object]],
    ) -> None:
        """Store the parts. Each request reads the secrets, because they may change. `stores` reads each store once."""
        self._publisher = publisher
        self._preparer = preparer
        self._secrets = secrets
        self._stores = stores

    def connect(self) -> None:
        """Connect to the stores, which takes longer than a request. A post meets any fault again, and reports it."""
        for read in self._stores:
            with suppress(PunctualError):
                read()

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        """Publish a signed post once per destination and return the response with the results."""
        began = time.monotonic()
        response = self._respond(event)
        _log(response, event, seconds=time.monotonic() - began)
        return {
            "statusCode": response.status,
            "headers": {"content-type": "application/json", **response.headers},
            "body": json.dumps(response.content),
        }

    def _respond(self, event: Mapping[str, Any]) -> ServerResponse:
        if event["requestContext"]["http"]["method"] != "POST":
            return METHOD_NOT_ALLOWED
        try:
            body, headers, secrets = _body(event), event["headers"], self._secrets()
            if event.get("rawPath") == PREPARE_PATH:
                payload = read_request(body, headers, secrets, id_prefix=PREPARE_ID_PREFIX)
                return preparation_response(self._preparer.prepare(payload))
            payload = read_request(body, headers, secrets)
            return result_response(self._publisher.publish(payload))
        except PunctualError as error:
            return error_response(error)


def build_posting_function(variables: Mapping[str, str], clock: Clock) -> PostingFunction:
    """Build the function from its environment variables. Raises MissingVariable, which names the first missing one."""
    for name in ("TABLE_NAME", "MEDIA_BUCKET", "ACCOUNTS_PATH", "SIGNING_SECRET_PARAMETER"):
        if not variables.get(name):
            raise MissingVariable(name)
    table = Table(client("dynamodb"), variables["TABLE_NAME"], clock)
    media = S3Media(client("s3"), variables["MEDIA_BUCKET"])
    accounts = ParameterStoreAccounts(client("ssm"), variables["ACCOUNTS_PATH"], clock)
    signing_secret = SigningSecretCache(variables["SIGNING_SECRET_PARAMETER"], client("ssm"))

    def secrets() -> Sequence[str]:
        with translate_aws_errors():
            return signing_secret.read(clock())

    dependencies = NetworkDependencies(outbox=DynamoOutbox(table), clock=clock, uploads=DynamoUploads(table, clock))
    networks = Networks(dependencies)
    networks.load()
    # AWS suspends the function after its response, so nothing may continue then.
    bulkheads = Bulkheads(patience=math.inf)
    logging.getLogger(lag_metrics.__name__).setLevel(logging.INFO)
    hold = DynamoHold(table)
    fence = Fence(DynamoLedger(table), media, clock, lag_metrics.LagMetrics().record, hold)
    publisher = Publisher(fence, accounts, networks, bulkheads)
    stores = (secrets, accounts.all, hold.read)
    return PostingFunction(publisher, Preparer(accounts, networks, media), secrets, stores)


def _body(event: Mapping[str, Any]) -> bytes:
    """Return the request body, which AWS passes as text, or as base64 if it may be binary."""
    text: str = event.get("body", "")
    return base64.b64decode(text) if event["isBase64Encoded"] else text.encode()


def _log(response: ServerResponse, event: Mapping[str, Any], *, seconds: float) -> None:
    """Write one line. It never holds a post's text or a network's response, which may repeat the text."""
    facts: dict[str, Any] = {"status": response.status, "milliseconds": round(seconds * 1000)}
    if "results" in response.content:
        results = {result["destination"]: result["state"] for result in response.content["results"]}
        facts |= {"occurrence_key": event["headers"]["webhook-id"], "results": results}
    elif "uploaded" in response.content:
        facts |= {"webhook_id": event["headers"]["webhook-id"], "uploaded": response.content["uploaded"]}
    else:
        facts |= {"error": response.content["error"]}
    write_line({"level": "INFO" if response.status == 200 else "WARNING", "message": "answered", **facts})
