"""A clock moved by hand, payloads, and posting servers on loopback that behave as told."""

import base64
import http.client
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from moto import mock_aws

from lambda_pkg import handler
from lambda_pkg.clients import client
from lambda_pkg.http_client import tls_context
from lambda_pkg.relay import RelayConfig
from lambda_pkg.settings import RelaySettings

DUE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"a key that only tests know").decode()


class HandClock:
    """A clock that moves only when someone sleeps by it; `at_sleep` is called before each sleep."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.sleeps: list[float] = []
        self.at_sleep: Callable[[], None] = lambda: None

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.at_sleep()
        self.now += timedelta(seconds=seconds)


class PostingServer:
    """A server on loopback that keeps each request as it came, and answers by `talk`, which may misbehave."""

    def __init__(self, talk: Callable[[Any], None]) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        received = self.requests

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                line = self.rfile.readline().decode().strip()
                if not line:
                    return  # connected, and had nothing to say
                headers = {name.lower(): value for name, value in http.client.parse_headers(self.rfile).items()}
                received.append((line, headers, self.rfile.read(int(headers["content-length"]))))
                with suppress(OSError):  # the relay may hang up, which is what a rude server deserves
                    talk(self.wfile)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/publish"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def wrap(self, context: Any) -> None:
        """Speak TLS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # a client that refuses our certificate is expected
        self.url = self.url.replace("http://127.0.0.1", "https://localhost")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def rude_server() -> Iterator[Callable[[Callable[[Any], None]], PostingServer]]:
    """Start servers whose answer is written, in whatever manner, by a function of the connection's output."""
    with ExitStack() as closing:

        def start(talk: Callable[[Any], None]) -> PostingServer:
            server = PostingServer(talk)
            closing.callback(server.close)
            return server

        yield start


@pytest.fixture
def server(rude_server: Any) -> Callable[..., PostingServer]:
    """Start servers that answer whole: `server(503, b"{}", Retry_After="7")`."""

    def start(status: int, body: bytes = b"", **headers: str) -> PostingServer:
        lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return rude_server(lambda out: out.write("\r\n".join([*lines, "", ""]).encode() + body))

    return start


@pytest.fixture
def due() -> datetime:
    return DUE


@pytest.fixture
def secret() -> str:
    return SECRET


@pytest.fixture
def clock() -> HandClock:
    return HandClock(DUE)


@pytest.fixture
def payload() -> dict[str, Any]:
    return {
        "version": 1,
        "post_id": "k3v9q2m4cx7a",
        "revision": 3,
        "occurrence": "2026-11-24T07:59:00Z",
        "due_at": "2026-11-24T08:00:00Z",
        "zone": "Europe/Berlin",
        "wall": "2026-11-24T09:00:00",
        "text": "Grüße aus Köln 🎉 <b>",
        "variants": {},
        "destinations": ["outbox"],
        "media": [],
        "late_after_minutes": 60,
        "url": None,
    }


@pytest.fixture
def environment() -> Callable[..., RelayConfig]:
    def build(url: str, **others: Any) -> RelayConfig:
        return RelayConfig(**{"posting_url": url, "secrets": (SECRET,), "response_seconds": 0.3, **others})

    return build


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, secret: str) -> Iterator[RelaySettings]:
    """AWS as the stack leaves it: a table, a secret and a queue, and the settings that name them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    for cached in (client, handler._signing_secret):
        cached.cache_clear()
    with mock_aws():
        client("dynamodb").create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        stored = client("secretsmanager").create_secret(Name="signing", SecretString=secret.removeprefix("whsec_"))
        queue = client("sqs").create_queue(QueueName="dead-letters")
        yield RelaySettings(
            posting_url="https://posts.example/publish",
            allowed_hosts=frozenset(),
            signing_secret_arn=stored["ARN"],
            table_name="ledger",
            dead_letter_url=queue["QueueUrl"],
        )
    for cached in (client, handler._signing_secret):
        cached.cache_clear()


@pytest.fixture
def written(aws: RelaySettings) -> Callable[[], list[dict[str, Any]]]:
    """Read every receipt in the table, as plain values."""
    return lambda: _items(aws, "receipt#")


@pytest.fixture
def occurrences(aws: RelaySettings) -> Callable[[], list[dict[str, Any]]]:
    """Read every occurrence in the table, as plain values."""
    return lambda: _items(aws, "occurrence#")


def _items(aws: RelaySettings, beginning: str) -> list[dict[str, Any]]:
    read = TypeDeserializer().deserialize
    found = client("dynamodb").scan(TableName=aws.table_name)["Items"]
    values = ({name: read(value) for name, value in item.items()} for item in found)
    return sorted((item for item in values if item["sk"].startswith(beginning)), key=lambda item: item["sk"])


@pytest.fixture(scope="session")
def certificate_file(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A certificate and its key for localhost, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    moment = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def certificate(certificate_file: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file)
    return context


@pytest.fixture
def trust(certificate_file: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Make the test's own certificate the system's one authority, and forget it afterwards."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate_file))
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()
