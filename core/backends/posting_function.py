"""The posting server as a function on AWS: answers what comes in by its URL as the route of the server does."""

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.accounts.parameter_store import ParameterStoreAccounts
from core.aws_errors import translate_aws_errors
from core.errors import PunctualError
from core.ledger.dynamodb import DynamoLedger
from core.ledger.table import Table
from core.media.s3 import S3Media
from core.outbox.dynamodb import DynamoOutbox
from core.publishing.fence import Fence
from core.publishing.network import Parts, all_networks
from core.publishing.publisher import Publisher
from core.publishing.responses import Reply, accept, answered, refused
from core.time.instants import Clock
from lambda_pkg.clients import client
from lambda_pkg.signing_secret import SigningSecretCache

METHOD_NOT_ALLOWED = Reply(
    status=405,
    content={"error": "Only POST is answered here.", "hint": "Let the relay hand posts over."},
    headers={"allow": "POST"},
)


class MissingVariable(ValueError):
    """The function's environment lacks something."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not set. Set it by deploying the stack again (cdk_min/README.md).")


class PostingFunction:
    """Answers events of payload format 2.0 (docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html).

    One event at a time, as Lambda hands them over. Whatever its path, a URL leads to one thing: publishing.
    """

    def __init__(self, publisher: Publisher, secrets: Callable[[], Sequence[str]]) -> None:
        """`secrets` is asked at each request: they may change while the function lives."""
        self._publisher = publisher
        self._secrets = secrets

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        """Publish a signed post, each destination once, and answer with the results."""
        began = time.monotonic()
        reply = self._reply(event)
        _log(reply, event, seconds=time.monotonic() - began)
        return {
            "statusCode": reply.status,
            "headers": {"content-type": "application/json", **reply.headers},
            "body": json.dumps(reply.content),
        }

    def _reply(self, event: Mapping[str, Any]) -> Reply:
        if event["requestContext"]["http"]["method"] != "POST":
            return METHOD_NOT_ALLOWED
        try:
            payload = accept(_body(event), event["headers"], self._secrets())
            return answered(self._publisher.publish(payload))
        except PunctualError as error:
            return refused(error)


def posting_function(variables: Mapping[str, str], clock: Clock) -> PostingFunction:
    """Put the function together from what its environment names. Raises MissingVariable for the first that it lacks."""
    for name in ("TABLE_NAME", "MEDIA_BUCKET", "ACCOUNTS_PATH", "SIGNING_SECRET_ARN"):
        if not variables.get(name):
            raise MissingVariable(name)
    table = Table(client("dynamodb"), variables["TABLE_NAME"], clock)
    media = S3Media(client("s3"), variables["MEDIA_BUCKET"])
    accounts = ParameterStoreAccounts(client("ssm"), variables["ACCOUNTS_PATH"], clock)
    signing_secret = SigningSecretCache(variables["SIGNING_SECRET_ARN"], client("secretsmanager"))

    def secrets() -> Sequence[str]:
        with translate_aws_errors():
            return signing_secret.read(clock())

    networks = all_networks(Parts(outbox=DynamoOutbox(table), clock=clock))
    return PostingFunction(Publisher(Fence(DynamoLedger(table), media, clock), accounts, networks), secrets)


def _body(event: Mapping[str, Any]) -> bytes:
    """Return the bytes that were sent: AWS writes them as text, or as base64 where they may be something else."""
    text: str = event.get("body", "")
    return base64.b64decode(text) if event["isBase64Encoded"] else text.encode()


def _log(reply: Reply, event: Mapping[str, Any], *, seconds: float) -> None:
    """Write one line of JSON. Never the text of a post, nor what a network said, which may repeat it."""
    facts: dict[str, Any] = {"status": reply.status, "milliseconds": round(seconds * 1000)}
    if "results" in reply.content:
        results = {result["destination"]: result["state"] for result in reply.content["results"]}
        facts |= {"occurrence_key": event["headers"]["webhook-id"], "results": results}
    else:
        facts |= {"error": reply.content["error"]}
    print(
        json.dumps({"level": "INFO" if reply.status == 200 else "WARNING", "message": "answered", **facts}), flush=True
    )
