"""The signed webhook, against servers on loopback."""

import json
import socket
import struct
import threading
import time
from datetime import timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook, WebhookVerificationError

from core.accounts.port import Account
from core.publishing.network import CannotConnect, Publication, Published, Refused, RetryLater, Unconfirmed
from core.publishing.networks.webhook.network import WebhookNetwork
from core.storage.home import new_signing_secret
from core.time.instants import real_clock

SECRET = new_signing_secret()


@pytest.fixture
def publish(clock):
    """Publish to a URL."""

    def send(address, *, deduplicates=False, seconds=10.0, **changed):
        account = Account(
            destination="webhook:sales",
            label="sales",
            address=address,
            deduplicates=deduplicates,
            credentials={"secret": SecretStr(SECRET)},
        )
        members = {
            "occurrence_key": "k3v9q2m4cx7a",
            "post_id": "k3v9q2m4cx7a",
            "text": "Grüße 🎉",
            "due_at": clock(),
            **changed,
        }
        # The real clock, because the library that verifies the signatures uses it.
        return WebhookNetwork(real_clock, seconds=seconds).publish(Publication(account=account, **members))

    return send


def test_the_post_is_signed_and_has_its_occurrence_key_as_id(publish, start_server, clock):
    hook = start_server(200)
    key = "k3v9q2m4cx7a/2026-11-02T12:00:00Z"
    assert isinstance(publish(hook.url, occurrence_key=key), Published)
    [(headers, body)] = hook.requests
    Webhook(SECRET).verify(body, headers)
    assert headers["webhook-id"] == key
    content = json.loads(body)
    assert (content["id"], content["post_id"], content["text"]) == (key, "k3v9q2m4cx7a", "Grüße 🎉")
    assert content["due_at"] == "2026-11-02T12:00:00Z"
    with pytest.raises(WebhookVerificationError):
        Webhook(new_signing_secret()).verify(body, headers)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_accepts_the_post(publish, start_server, status):
    assert publish(start_server(status).url) == Published(at=pytest.approx(real_clock(), abs=timedelta(minutes=1)))


def test_the_permalink_is_the_location_of_the_response(publish, start_server):
    assert publish(start_server(201, Location="https://example.org/posts/1").url).url == "https://example.org/posts/1"
    assert publish(start_server(201, Location="javascript:alert(1)").url).url is None


def test_a_closed_port_is_retried(publish):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert isinstance(publish(f"http://127.0.0.1:{port}/hook"), RetryLater)


def test_an_unknown_host_is_retried(publish):
    assert isinstance(publish("https://hook.invalid/"), RetryLater)


@pytest.mark.parametrize("status", [425, 429])
@pytest.mark.parametrize("deduplicates", [True, False])
def test_a_busy_server_gets_the_post_after_its_retry_after(publish, start_server, status, deduplicates):
    later = publish(start_server(status, Retry_After="7").url, deduplicates=deduplicates)
    assert isinstance(later, RetryLater)
    assert later.retry_after == timedelta(seconds=7)


def test_retry_after_may_be_a_date_and_is_at_most_a_day(publish, start_server):
    date = format_datetime(real_clock() + timedelta(minutes=10), usegmt=True)
    assert timedelta(minutes=9) < publish(start_server(429, Retry_After=date).url).retry_after < timedelta(minutes=11)
    assert publish(start_server(429, Retry_After="99999999").url).retry_after == timedelta(days=1)
    assert publish(start_server(429, Retry_After="soon").url).retry_after is None


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_an_ambiguous_response_is_retried_only_if_the_server_ignores_repeats(publish, start_server, status):
    assert isinstance(publish(start_server(status).url, deduplicates=True), RetryLater)
    assert isinstance(publish(start_server(status).url, deduplicates=False), Unconfirmed)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 410, 413, 422])
def test_a_rejected_post_is_refused_and_no_redirect_is_followed(publish, start_server, status):
    elsewhere = start_server(200)
    refused = publish(start_server(status, Location=elsewhere.url).url, deduplicates=True)
    assert isinstance(refused, Refused)
    assert str(status) in refused.reason
    assert elsewhere.requests == []


def slow(handler):
    time.sleep(5)


def trickling(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    time.sleep(5)


def closing_with_a_reset(handler):
    handler.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def closing(handler):
    return


def sending_garbage(handler):
    handler.wfile.write(b"this is not HTTP\r\n\r\n")


@pytest.mark.parametrize("respond", [slow, trickling, closing_with_a_reset, closing, sending_garbage])
def test_a_lost_response_is_retried_only_if_the_server_ignores_repeats(publish, start_server_with, respond):
    started = time.monotonic()
    assert isinstance(publish(start_server_with(respond).url, deduplicates=True, seconds=0.3), RetryLater)
    assert isinstance(publish(start_server_with(respond).url, deduplicates=False, seconds=0.3), Unconfirmed)
    assert time.monotonic() - started < 4


def test_an_accepted_post_is_published_even_if_the_response_is_cut_off(publish, start_server_with):
    def half(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    assert isinstance(publish(start_server_with(half).url, seconds=1), Published)


def test_a_server_that_never_accepts_the_connection_is_retried(publish):
    # The backlog is full, so the kernel accepts no further connection.
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for connecting in (first, second):
            connecting.setblocking(False)
            connecting.connect_ex(listening.getsockname())
        time.sleep(0.05)
        assert isinstance(publish(f"http://127.0.0.1:{listening.getsockname()[1]}/hook", seconds=0.3), RetryLater)


@pytest.mark.parametrize(
    "address", [None, "", "http://example.org/hook", "ftp://127.0.0.1/hook", "https://user:word@example.org/", "hook"]
)
def test_a_forbidden_url_is_refused(publish, address):
    assert isinstance(publish(address), Refused)


def test_no_password_of_this_machine_is_sent(publish, start_server, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret-word")
    monkeypatch.setenv("NETRC", str(netrc))
    hook = start_server(200)
    publish(hook.url)
    assert "authorization" not in hook.requests[0][0]


def test_simultaneous_posts_do_not_mix(publish, start_server):
    hook = start_server(200)
    threads = [threading.Thread(target=publish, args=(hook.url,), kwargs={"text": f"{n}"}) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(json.loads(body)["text"] for _, body in hook.requests) == sorted(f"{n}" for n in range(8))


def test_connecting_generates_a_secret(clock):
    account = WebhookNetwork(clock).connect({"name": "sales", "address": "https://example.org/hook"})
    assert account.destination == "webhook:sales"
    assert account.credentials["secret"].get_secret_value().startswith("whsec_")
    assert not account.deduplicates


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "address": "https://example.org"},
        {"name": "a b", "address": "https://example.org"},
        {"name": "sales", "address": "http://example.org"},
        {"name": "sales", "address": ""},
        {"name": "sales", "address": "https://example.org", "secret": "hunter2"},
    ],
)
def test_an_invalid_form_is_refused_without_repeating_the_secret(clock, form):
    with pytest.raises(CannotConnect) as refusal:
        WebhookNetwork(clock).connect(form)
    assert "hunter2" not in f"{refusal.value} {refusal.value.hint}"
