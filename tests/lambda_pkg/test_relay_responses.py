"""The responses to the relay's requests: receipts, failures, addresses and secrets."""

import errno
import json
import os
import socket
import time
from typing import Any

import pytest

MEMBERS = [
    *("kind", "post_id", "revision", "occurrence_key", "due_at", "started_at", "posted_at", "finished_at"),
    *("attempt", "status", "results", "error", "retry_after"),
]


# Responses


def test_the_receipt_holds_the_result_of_each_destination(deliver_post, configure, start_server):
    results = [{"destination": "outbox", "state": "published"}]
    receipt = deliver_post(configure(start_server(200, json.dumps({"results": results}).encode()).url))
    assert (receipt["kind"], receipt["status"], receipt["results"]) == ("handed_over", 200, results)
    assert receipt["error"] is None
    assert list(receipt) == MEMBERS
    assert json.loads(json.dumps(receipt)) == receipt


@pytest.mark.parametrize(
    "body", [b"", b"ok", b"<html>", b"[]", b"\xff", b'{"results": 7}', b'{"results": ["ok"]}', b"[" * 100_000]
)
def test_another_servers_response_body_is_ignored(deliver_post, configure, start_server, body):
    receipt = deliver_post(configure(start_server(202, body).url))
    assert (receipt["kind"], receipt["status"], receipt["results"]) == ("handed_over", 202, [])


@pytest.mark.parametrize("status", [200, 299])
def test_any_2xx_status_delivers_the_post(deliver_post, configure, start_server, status):
    assert deliver_post(configure(start_server(status).url))["kind"] == "handed_over"


def test_only_the_start_of_a_huge_response_is_read(deliver_post, configure, start_server):
    results = [{"destination": "outbox", "reason": "x" * 3_000_000}]
    receipt = deliver_post(configure(start_server(200, json.dumps({"results": results}).encode()).url))
    assert (receipt["kind"], receipt["results"]) == ("handed_over", [])


@pytest.mark.parametrize("status", [300, 400, 401, 404, 429, 500, 503])
def test_any_other_status_fails_the_attempt(failed_receipt, configure, start_server, status):
    receipt = failed_receipt(configure(start_server(status).url))
    assert receipt["status"] == status
    assert str(status) in receipt["error"]


def test_the_receipt_of_a_503_holds_the_results_and_the_retry_after(failed_receipt, configure, start_server):
    results = [{"destination": "bluesky:ada.example", "state": "failed"}]
    receipt = failed_receipt(
        configure(start_server(503, json.dumps({"results": results}).encode(), Retry_After="120").url)
    )
    assert (receipt["results"], receipt["retry_after"]) == (results, 120)


@pytest.mark.parametrize(
    ("header", "seconds"), [("Tue, 24 Nov 2026 08:01:30 GMT", 90), ("1.6", 2), ("9" * 400, 86_400), ("soon", None)]
)
def test_the_receipt_holds_retry_after_in_whole_seconds(failed_receipt, configure, start_server, header, seconds):
    assert failed_receipt(configure(start_server(429, Retry_After=header).url))["retry_after"] == seconds


def test_a_redirect_is_not_followed(failed_receipt, configure, start_server):
    target = start_server(200)
    receipt = failed_receipt(configure(start_server(307, Location=target.url).url))
    assert receipt["status"] == 307
    assert "redirect" in receipt["error"]
    assert target.requests == []


# Servers that misbehave


def test_a_stopped_server_fails_the_attempt_at_once(failed_receipt, configure, start_server):
    stopped = start_server(200)
    stopped.close()
    receipt = failed_receipt(configure(stopped.url))
    assert (receipt["status"], receipt["posted_at"]) == (None, None)
    assert "Nothing listens" in receipt["error"]


def test_the_error_of_a_connection_has_the_reason_of_the_system(failed_receipt, configure, start_server, monkeypatch):
    server = start_server(200)

    def fail(*_):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(socket, "create_connection", fail)
    receipt = failed_receipt(configure(server.url))
    assert "could be made: Too many open files." in receipt["error"]


@pytest.mark.parametrize("host", ["posts.invalid", "posts..invalid", "x" * 64 + ".invalid"])
def test_the_error_names_a_host_without_an_address(failed_receipt, configure, host):
    receipt = failed_receipt(configure(f"https://{host}/publish"))
    assert f"No address was found for {host}" in receipt["error"]


def close_at_once(handler: Any) -> None:
    pass


def stall(handler: Any) -> None:
    time.sleep(1)


def trickle_headers(handler: Any) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 1000:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.05)


def trickle_body(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    trickle_headers(handler)


def repeat_continue(handler: Any) -> None:
    for _ in range(100):
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("respond", [stall, trickle_headers, trickle_body, repeat_continue])
def test_no_server_delays_the_relay_past_its_deadline(failed_receipt, configure, start_server_with, respond):
    began = time.monotonic()
    receipt = failed_receipt(configure(start_server_with(respond).url, response_seconds=0.3))
    assert 0.3 <= time.monotonic() - began < 0.8
    assert "did not answer in time" in receipt["error"]
    assert receipt["posted_at"] is not None


@pytest.mark.parametrize(
    "respond",
    [
        close_at_once,
        lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n"),
        lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort"),
        lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000),
    ],
)
def test_an_incomplete_response_fails_the_attempt(failed_receipt, configure, start_server_with, respond):
    receipt = failed_receipt(configure(start_server_with(respond).url))
    assert "before a complete response" in receipt["error"]
    assert receipt["status"] is None


# Addresses and secrets


def test_a_refused_posting_url_fails_the_attempt_and_is_not_repeated(failed_receipt, configure):
    receipt = failed_receipt(configure("http://hooks.example/T0KEN"))
    assert "https" in receipt["error"]
    assert "T0KEN" not in json.dumps(receipt)


def test_a_posts_own_url_is_used_if_its_host_is_allowed(deliver_post, configure, start_server):
    server, other = start_server(200), start_server(200)
    deliver_post(configure(server.url, allowed_hosts=frozenset({"LOCALHOST"})), url=_by_name(other.url))
    assert (len(server.requests), len(other.requests)) == (0, 1)


def test_a_posts_own_url_is_refused_if_its_host_is_not_allowed(failed_receipt, configure, start_server):
    server, other = start_server(200), start_server(200)
    receipt = failed_receipt(configure(server.url), url=_by_name(other.url))
    assert "localhost, which is not allowed" in receipt["error"]
    assert (len(server.requests), len(other.requests)) == (0, 0)


def _by_name(url: str) -> str:
    return url.replace("127.0.0.1", "localhost")


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("c2VjcmV0",), ("whsec_not base64",)])
def test_an_invalid_secret_fails_the_attempt_and_is_not_repeated(failed_receipt, configure, start_server, secrets):
    server = start_server(200)
    receipt = failed_receipt(configure(server.url, secrets=secrets))
    assert "whsec_" in receipt["error"]
    assert "not base64" not in receipt["error"]
    assert server.requests == []


def test_errors_receipts_and_reprs_hold_neither_text_nor_secret(
    failed_receipt, configure, start_server, payload, secret
):
    config = configure(start_server(500, payload["text"].encode()).url)
    receipt = json.dumps(failed_receipt(config), ensure_ascii=False)
    assert payload["text"] not in receipt
    assert secret not in receipt + repr(config)


def test_https_accepts_a_trusted_certificate(deliver_post, configure, start_server, certificate, trusted_certificate):
    server = start_server(200)
    server.use_tls(certificate)
    assert deliver_post(configure(server.url))["kind"] == "handed_over"


def test_https_rejects_an_untrusted_certificate(failed_receipt, configure, start_server, certificate):
    server = start_server(200)
    server.use_tls(certificate)
    receipt = failed_receipt(configure(server.url))
    assert "certificate" in receipt["error"]
    assert server.requests == []
