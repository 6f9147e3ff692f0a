"""The path of a post on AWS: relay, posting function and ledger, on moto and on loopback."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from moto import mock_aws
from pydantic import SecretStr

from core.accounts.parameter_store import ParameterStoreAccounts
from core.accounts.port import Account
from core.backends.posting_function import PostingFunction, build_posting_function
from core.ledger.dynamodb import DynamoLedger
from core.ledger.dynamodb_layout import table_definition
from core.ledger.dynamodb_transactions import Table
from core.ledger.states import OccurrenceOutcome, outcome
from core.posts.models import Post
from core.posts.payload import invocation_of, write_invocation
from core.time.instants import real_clock
from lambda_pkg import handler
from lambda_pkg.clients import client
from lambda_pkg.settings import RelaySettings
from tests.sleep_clock import SleepClock

KEY = base64.b64encode(b"a key that only tests know").decode()
POST_ID = "k3v9q2m4cx7a"
ACCOUNTS, SIGNING_SECRET = "/punctual/Punctual/accounts", "/Punctual/signing-secret"


class ProcessKilled(BaseException):
    """Ends the function as a kill of its process would. `except Exception` does not catch it."""


class CallbackServer:
    """A server on loopback that calls `respond(headers, body)` for each request and sends its status, headers and body.

    The path is the header `:path`. If `respond` returns None, the server closes the connection without a response.
    """

    def __init__(self, respond: Callable[[dict[str, str], bytes], tuple[int, dict[str, str], bytes] | None]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 - http.server's name
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                response = respond({":path": self.path, **headers}, body)
                if response is None:
                    return
                status, headers, content = response
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class FunctionUrl:
    """The posting function behind its URL, with faults that tests choose."""

    def __init__(self, function: PostingFunction) -> None:
        self._function = function
        self.responses: list[dict[str, Any]] = []
        self.lost_responses = 0
        """The number of responses to lose from now on."""

    def __call__(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        event = {
            "version": "2.0",
            "rawPath": headers.pop(":path"),
            "headers": headers,
            "requestContext": {"http": {"method": "POST"}},
            "body": body.decode(),
            "isBase64Encoded": False,
        }
        try:
            response = self._function(event, None)
        except ProcessKilled:
            return 502, {"content-type": "application/json"}, b"Internal Server Error"
        self.responses.append(response)
        if self.lost_responses:
            self.lost_responses -= 1
            return None
        return response["statusCode"], response["headers"], response["body"].encode()


class IamUrl:
    """The URL of the posting function as AWS guards it: a request without a signature of AWS does not reach it."""

    def __init__(self, function: FunctionUrl) -> None:
        self._function = function

    def __call__(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        if "/us-east-1/lambda/aws4_request" not in headers.get("authorization", ""):
            return 403, {"content-type": "application/json"}, b'{"Message": "Forbidden"}'
        return self._function(headers, body)


class RecordingWebhook:
    """A webhook that does not deduplicate. It records its posts, and tests may delay its response."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.reached, self.may_respond = threading.Event(), threading.Event()
        self.may_respond.set()

    def __call__(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.texts.append(json.loads(body)["text"])
        self.reached.set()
        assert self.may_respond.wait(20)
        return 204, {}, b""


@pytest.fixture
def clock() -> SleepClock:
    """Return a clock at the real time less the lead. The verifier rejects signatures more than five minutes from it."""
    return SleepClock(real_clock().replace(microsecond=0) - timedelta(seconds=60))


@pytest.fixture
def function_variables(lambda_environment: None, serialized_moto: None) -> Iterator[dict[str, str]]:
    """Create the stack's resources in moto and yield the posting function's environment variables."""
    with mock_aws():
        client("dynamodb").create_table(**table_definition("ledger"))
        client("s3").create_bucket(Bucket="media")
        client("ssm").put_parameter(Name=SIGNING_SECRET, Value=f"whsec_{KEY}", Type="SecureString")
        variables = {"TABLE_NAME": "ledger", "MEDIA_BUCKET": "media", "ACCOUNTS_PATH": ACCOUNTS}
        yield variables | {"SIGNING_SECRET_PARAMETER": SIGNING_SECRET}


@pytest.fixture
def serve() -> Iterator[Callable[[Any], CallbackServer]]:
    """Serve a function on loopback."""
    servers: list[CallbackServer] = []

    def start(respond: Any) -> CallbackServer:
        servers.append(CallbackServer(respond))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def posting_server(function_variables: dict[str, str], clock: SleepClock) -> FunctionUrl:
    return FunctionUrl(build_posting_function(function_variables, clock))


@pytest.fixture
def kill_process() -> Callable[..., None]:
    """Return a replacement for a method of the posting function, which kills its process."""

    def kill(*_: object, **__: object) -> None:
        raise ProcessKilled

    return kill


@pytest.fixture
def webhook(function_variables: dict[str, str], clock: SleepClock, serve: Any) -> RecordingWebhook:
    """Connect a webhook as the account `webhook:sales`."""
    recording = RecordingWebhook()
    account = Account(
        destination="webhook:sales",
        label="Sales",
        address=serve(recording).url,
        credentials={"secret": SecretStr(f"whsec_{KEY}")},
    )
    ParameterStoreAccounts(client("ssm"), ACCOUNTS, clock).connect(account)
    return recording


@pytest.fixture
def relay(
    function_variables: dict[str, str], clock: SleepClock, posting_server: FunctionUrl, serve: Any
) -> Callable[..., Any]:
    """Invoke the relay with an event, as the scheduler, Lambda's retries and the on-failure queue do."""
    settings = RelaySettings(
        posting_url=serve(IamUrl(posting_server)).url,
        iam_region="us-east-1",
        allowed_hosts=frozenset(),
        signing_secret_parameter=SIGNING_SECRET,
        table_name="ledger",
        dead_letter_url=client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"],
    )
    return lambda event: handler.relay_event(event, settings, clock=clock, sleep=clock.sleep)


@pytest.fixture
def ledger(function_variables: dict[str, str], clock: SleepClock) -> DynamoLedger:
    """Open the ledger as the dashboard does."""
    return DynamoLedger(Table(client("dynamodb"), "ledger", clock))


@pytest.fixture
def post(clock: SleepClock) -> Callable[..., Post]:
    """Build a post that is due in a minute."""

    def build(**changed: Any) -> Post:
        due_at = changed.get("due_at", clock() + timedelta(seconds=60))
        members = {
            "post_id": POST_ID,
            "text": "Grüße aus Köln 🎉",
            "destinations": ("webhook:sales",),
            "zone": "Europe/Berlin",
            "wall": f"{due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "due_at": due_at,
            **changed,
        }
        return Post(**members)

    return build


@pytest.fixture
def event() -> Callable[[Post], dict[str, Any]]:
    """Build the event with which the scheduler invokes the relay for a post."""
    return lambda post: json.loads(write_invocation(invocation_of(post, post.due_at - timedelta(seconds=60))))


@pytest.fixture
def occurrence_outcome(ledger: DynamoLedger) -> Callable[[], OccurrenceOutcome]:
    """Read the outcome of the post from History."""

    def read() -> OccurrenceOutcome:
        [occurrence] = ledger.history(after=None, limit=10)
        return outcome(occurrence)

    return read
