"""A clock that only sleeps move, a payload, deliveries, and the relay's AWS resources in moto."""

import base64
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from moto import mock_aws

from lambda_pkg.clients import client
from lambda_pkg.http_client import Connection, tls_context
from lambda_pkg.relay import AttemptFailed, RelayConfig, deliver
from lambda_pkg.settings import RelaySettings
from tests.certificates import loopback_certificate
from tests.lambda_pkg.scripted_server import start_scripted_server  # noqa: F401 - a fixture
from tests.sleep_clock import SleepClock

DUE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"a key that only tests know").decode()


@pytest.fixture
def due() -> datetime:
    return DUE


@pytest.fixture
def secret() -> str:
    return SECRET


@pytest.fixture
def clock() -> SleepClock:
    return SleepClock(DUE)


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
def configure() -> Callable[..., RelayConfig]:
    """Build a configuration for a posting URL."""

    def build(url: str, **others: Any) -> RelayConfig:
        return RelayConfig(**{"posting_url": url, "secrets": (SECRET,), "response_seconds": 5.0, **others})

    return build


@pytest.fixture
def deliver_post(payload: Any, clock: Any) -> Any:
    """Deliver the payload, with the given members changed."""

    def call(config: RelayConfig, *, attempt: int = 1, **changes: Any) -> dict[str, Any]:
        event = {**payload, **changes}
        with Connection() as connection:
            return deliver(event, config, connection, attempt=attempt, clock=clock, sleep=clock.sleep)

    return call


@pytest.fixture
def failed_receipt(deliver_post: Any) -> Any:
    """Attempt a delivery that must fail, and return its receipt."""

    def receipt_of(config: RelayConfig, **changes: Any) -> dict[str, Any]:
        with pytest.raises(AttemptFailed) as raised:
            deliver_post(config, **changes)
        receipt: dict[str, Any] = raised.value.receipt
        assert receipt["kind"] == "attempt_failed"
        assert str(raised.value) == receipt["error"]
        return receipt

    return receipt_of


@pytest.fixture
def relay_settings(lambda_environment: None, secret: str) -> Iterator[RelaySettings]:
    """Create the table, the secret and the queue of a full stack in moto; yield the settings that name them."""
    with mock_aws():
        client("dynamodb").create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        client("ssm").put_parameter(Name="/punctual/signing-secret", Value=secret, Type="SecureString")
        queue = client("sqs").create_queue(QueueName="dead-letters")
        yield RelaySettings(
            posting_url="https://posts.example/publish",
            allowed_hosts=frozenset(),
            signing_secret_parameter="/punctual/signing-secret",
            table_name="ledger",
            dead_letter_url=queue["QueueUrl"],
        )


@pytest.fixture
def stored_receipts(relay_settings: RelaySettings) -> Callable[[], list[dict[str, Any]]]:
    """Read every receipt in the table, as plain values."""
    return lambda: _items(relay_settings, "receipt#")


@pytest.fixture
def stored_occurrences(relay_settings: RelaySettings) -> Callable[[], list[dict[str, Any]]]:
    """Read every occurrence in the table, as plain values."""
    return lambda: _items(relay_settings, "occurrence#")


def _items(relay_settings: RelaySettings, prefix: str) -> list[dict[str, Any]]:
    read = TypeDeserializer().deserialize
    found = client("dynamodb").scan(TableName=relay_settings.table_name)["Items"]
    values = ({name: read(value) for name, value in item.items()} for item in found)
    return sorted((item for item in values if item["sk"].startswith(prefix)), key=lambda item: item["sk"])


@pytest.fixture(scope="session")
def certificate_file(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return the path of a self-signed certificate for localhost with its key."""
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(b"".join(loopback_certificate()))
    return path


@pytest.fixture
def certificate(certificate_file: Any) -> ssl.SSLContext:
    """Return a server's TLS context with the certificate for localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file)
    return context


@pytest.fixture
def trusted_certificate(certificate_file: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the test's certificate the only trusted authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate_file))
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()
