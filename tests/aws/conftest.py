"""The way of a post on AWS: relay, posting server and ledger as deployed, on moto and on loopback."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from moto import mock_aws
from pydantic import SecretStr

from core.accounts.parameter_store import ParameterStoreAccounts
from core.accounts.port import Account
from core.backends.posting_function import PostingFunction, posting_function
from core.ledger.dynamodb import DynamoLedger
from core.ledger.items import table_definition
from core.ledger.states import OccurrenceOutcome, outcome
from core.ledger.table import Table
from core.posts.models import Post
from core.posts.payload import invocation_of, write_invocation
from core.time.instants import real_clock
from lambda_pkg import handler
from lambda_pkg.clients import client
from lambda_pkg.settings import RelaySettings

KEY = base64.b64encode(b"a key that only tests know").decode()
POST_ID = "k3v9q2m4cx7a"
ACCOUNTS = "/punctual/Punctual/accounts"


class HandClock:
    """A clock that moves only when someone sleeps by it, or moves it; all of this deployment's parts read it.

    It starts at the real time, less the minute's lead: signatures are verified by the real one, within five minutes.
    """

    def __init__(self) -> None:
        self.now = real_clock().replace(microsecond=0) - timedelta(seconds=60)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Killed(BaseException):
    """The function's process ended here: nothing that follows is carried out, and no exception handler sees it."""


class Loopback:
    """A server on 127.0.0.1 whose POSTs are answered by a function: `answer(headers, body)` -> status, headers, body.

    None as an answer breaks the connection off.
    """

    def __init__(self, answer: Callable[[dict[str, str], bytes], tuple[int, dict[str, str], bytes] | None]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 - http.server's name
                body = self.rfile.read(int(self.headers["content-length"]))
                told = answer({name.lower(): value for name, value in self.headers.items()}, body)
                if told is None:
                    return
                status, headers, content = told
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class FunctionUrl:
    """The posting server behind its URL, as Lambda stands between them; tests may interfere."""

    def __init__(self, function: PostingFunction) -> None:
        self._function = function
        self.answers: list[dict[str, Any]] = []
        self.lose_answers = 0
        """How many answers get lost on their way back."""

    def __call__(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        event = {
            "version": "2.0",
            "rawPath": "/",
            "headers": headers,
            "requestContext": {"http": {"method": "POST"}},
            "body": body.decode(),
            "isBase64Encoded": False,
        }
        try:
            answer = self._function(event, None)
        except Killed:
            return 502, {"content-type": "application/json"}, b"Internal Server Error"
        self.answers.append(answer)
        if self.lose_answers:
            self.lose_answers -= 1
            return None
        return answer["statusCode"], answer["headers"], answer["body"].encode()


class Receiver:
    """A webhook of somebody's that ignores no repeats; it keeps what it got, and may be held up."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.reached, self.open = threading.Event(), threading.Event()
        self.open.set()

    def __call__(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        self.texts.append(json.loads(body)["text"])
        self.reached.set()
        assert self.open.wait(20)
        return 204, {}, b""


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, serialized_moto: None) -> Iterator[dict[str, str]]:
    """AWS as the stack leaves it: the posting server's environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    caches = (client, handler._signing_secret)
    for cached in caches:
        cached.cache_clear()
    with mock_aws():
        client("dynamodb").create_table(**table_definition("ledger"))
        client("s3").create_bucket(Bucket="media")
        secret = client("secretsmanager").create_secret(Name="signing", SecretString=KEY)["ARN"]
        variables = {"TABLE_NAME": "ledger", "MEDIA_BUCKET": "media", "ACCOUNTS_PATH": ACCOUNTS}
        yield variables | {"SIGNING_SECRET_ARN": secret}
    for cached in caches:
        cached.cache_clear()


@pytest.fixture
def served() -> Iterator[Callable[[Any], Loopback]]:
    """Serve something on loopback."""
    servers: list[Loopback] = []

    def serve(answer: Any) -> Loopback:
        servers.append(Loopback(answer))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


@pytest.fixture
def posting_server(aws: dict[str, str], clock: HandClock) -> FunctionUrl:
    return FunctionUrl(posting_function(aws, clock))


@pytest.fixture
def die() -> Callable[..., None]:
    """What ends the posting server's process, put in place of one of its methods."""

    def end(*_: object, **__: object) -> None:
        raise Killed

    return end


@pytest.fixture
def receiver(aws: dict[str, str], clock: HandClock, served: Any) -> Receiver:
    """The webhook, connected as the account `webhook:sales`."""
    receiver = Receiver()
    account = Account(
        destination="webhook:sales",
        label="Sales",
        address=served(receiver).url,
        credentials={"secret": SecretStr(f"whsec_{KEY}")},
    )
    ParameterStoreAccounts(client("ssm"), ACCOUNTS, clock).connect(account)
    return receiver


@pytest.fixture
def relay(aws: dict[str, str], clock: HandClock, posting_server: FunctionUrl, served: Any) -> Callable[..., Any]:
    """Invoke the relay with an event, as the scheduler, Lambda's retries and the on-failure queue do."""
    settings = RelaySettings(
        posting_url=served(posting_server).url,
        allowed_hosts=frozenset(),
        signing_secret_arn=aws["SIGNING_SECRET_ARN"],
        table_name="ledger",
        dead_letter_url=client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"],
    )
    return lambda event: handler.relay_event(event, settings, clock=clock, sleep=clock.sleep)


@pytest.fixture
def ledger(aws: dict[str, str], clock: HandClock) -> DynamoLedger:
    """The ledger as the dashboard opens it."""
    return DynamoLedger(Table(client("dynamodb"), "ledger", clock))


@pytest.fixture
def post(clock: HandClock) -> Callable[..., Post]:
    """Build a post that is due in a minute."""

    def build(**changed: Any) -> Post:
        due_at = changed.get("due_at", clock() + timedelta(seconds=60))
        whole = {
            "post_id": POST_ID,
            "text": "Grüße aus Köln 🎉",
            "destinations": ("webhook:sales",),
            "zone": "Europe/Berlin",
            "wall": f"{due_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "due_at": due_at,
            **changed,
        }
        return Post(**whole)

    return build


@pytest.fixture
def event() -> Callable[[Post], dict[str, Any]]:
    """What the scheduler hands to the relay for a post."""
    return lambda post: json.loads(write_invocation(invocation_of(post, post.due_at - timedelta(seconds=60))))


@pytest.fixture
def became(ledger: DynamoLedger) -> Callable[[], OccurrenceOutcome]:
    """What History says became of the post."""

    def read() -> OccurrenceOutcome:
        [occurrence] = ledger.history(after=None, limit=10)
        return outcome(occurrence)

    return read
