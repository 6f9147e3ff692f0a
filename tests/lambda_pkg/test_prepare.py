"""The request to prepare, which the relay sends while it waits for the due instant."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from lambda_pkg import prepare
from lambda_pkg.prepare import LEAST_TIME, WARM_UP_TIME

MEDIA = [{"reference": "0" * 64, "kind": "picture", "content_type": "image/png", "size": 4, "alt": ""}]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Return an event that is set when the request to prepare has ended."""
    event, send = threading.Event(), prepare._send

    def send_and_tell(*arguments: Any) -> None:
        send(*arguments)
        event.set()

    monkeypatch.setattr(prepare, "_send", send_and_tell)
    return event


@pytest.fixture
def early(clock: Any, due: Any) -> Any:
    clock.now = due - timedelta(seconds=40)
    return clock


def prepare_url(server: Any) -> str:
    return server.url.replace("/publish", "/prepare")


def test_a_post_with_media_is_prepared_at_once_and_sent_at_its_due_instant(
    deliver_post, configure, start_server, early, ended, due
):
    server = start_server(200)
    early.before_sleep = lambda: ended.wait(10)
    receipt = deliver_post(configure(server.url, prepare_url=prepare_url(server)), media=MEDIA)
    assert receipt["posted_at"] == "2026-11-24T08:00:00.000Z"
    assert server.request_lines == ["POST /prepare HTTP/1.1", "POST /publish HTTP/1.1"]
    (first, first_body), (second, second_body) = server.requests
    assert first_body == second_body
    assert (first["webhook-id"], second["webhook-id"]) == ("prepare:k3v9q2m4cx7a", "k3v9q2m4cx7a")
    assert int(first["webhook-timestamp"]) == int((due - timedelta(seconds=40)).timestamp())


def test_the_request_to_prepare_is_signed(deliver_post, configure, start_server, early, ended, secret):
    server = start_server(200)
    sent_at, early.before_sleep = early.now, lambda: ended.wait(10)
    deliver_post(configure(server.url, prepare_url=prepare_url(server)), media=MEDIA)
    headers, body = server.requests[0]
    signature = Webhook(secret).sign("prepare:k3v9q2m4cx7a", sent_at, body.decode())
    assert headers["webhook-signature"] == signature


@pytest.mark.parametrize("changes", [{"media": []}, {"media": MEDIA, "url": "https://other.example/publish"}])
def test_a_post_without_media_or_for_another_server_is_not_prepared(
    deliver_post, configure, start_server, early, changes
):
    server = start_server(200)
    config = configure(server.url, prepare_url=prepare_url(server), allowed_hosts=frozenset({"other.example"}))
    if "url" in changes:
        changes = {**changes, "url": server.url}
    deliver_post(config, **changes)
    assert server.request_lines == ["POST /publish HTTP/1.1"]


def no_access(*_: Any) -> dict[str, str]:
    """Give access to a posting function that asks for none."""
    return {}


def test_a_posting_function_is_started_five_seconds_before_a_post_without_media(
    deliver_post, configure, start_server, early, ended, due
):
    server = start_server(200)
    early.before_sleep = lambda: early.now < due - WARM_UP_TIME or ended.wait(10)
    config = configure(server.url, prepare_url=prepare_url(server), authorize=no_access)
    assert deliver_post(config)["posted_at"] == "2026-11-24T08:00:00.000Z"
    assert server.request_lines == ["POST /prepare HTTP/1.1", "POST /publish HTTP/1.1"]
    (prepared, _), (posted, _) = server.requests
    assert int(posted["webhook-timestamp"]) - int(prepared["webhook-timestamp"]) == WARM_UP_TIME.total_seconds()


def test_a_posting_function_prepares_a_post_with_media_once_and_at_once(
    deliver_post, configure, start_server, early, ended
):
    server = start_server(200)
    early.before_sleep = lambda: ended.wait(10)
    deliver_post(configure(server.url, prepare_url=prepare_url(server), authorize=no_access), media=MEDIA)
    (prepared, _), (posted, _) = server.requests
    assert int(posted["webhook-timestamp"]) - int(prepared["webhook-timestamp"]) == 40


def test_nothing_is_prepared_without_an_address_for_it(deliver_post, configure, start_server, early):
    server = start_server(200)
    deliver_post(configure(server.url), media=MEDIA)
    assert server.request_lines == ["POST /publish HTTP/1.1"]


def test_a_post_that_is_due_now_is_not_prepared(deliver_post, configure, start_server, clock, due):
    server = start_server(200)
    clock.now = due - LEAST_TIME + timedelta(milliseconds=1)
    deliver_post(configure(server.url, prepare_url=prepare_url(server)), media=MEDIA)
    assert server.request_lines == ["POST /publish HTTP/1.1"]


def test_a_server_that_never_answers_the_request_to_prepare_delays_nothing(
    deliver_post, configure, start_server, start_server_with, early
):
    arrived, release = threading.Event(), threading.Event()
    hanging = start_server_with(lambda handler: (arrived.set(), release.wait(10)))
    server = start_server(200)
    early.before_sleep = lambda: arrived.wait(10)
    receipt = deliver_post(configure(server.url, prepare_url=prepare_url(hanging)), media=MEDIA)
    assert (receipt["kind"], receipt["posted_at"]) == ("handed_over", "2026-11-24T08:00:00.000Z")
    release.set()


@pytest.mark.parametrize("status", [401, 404, 500])
def test_any_answer_to_the_request_to_prepare_is_fine(
    deliver_post, configure, start_server, early, ended, capsys, status
):
    refusing, server = start_server(status), start_server(200)
    early.before_sleep = lambda: ended.wait(10)
    receipt = deliver_post(configure(server.url, prepare_url=prepare_url(refusing)), media=MEDIA)
    assert receipt["kind"] == "handed_over"
    line = json.loads(capsys.readouterr().out)
    assert (line["occurrence_key"], line["answer"]) == ("k3v9q2m4cx7a", f"status {status}")


def test_an_address_where_nothing_listens_delays_nothing(deliver_post, configure, start_server, early, ended):
    early.before_sleep = lambda: ended.wait(10)
    receipt = deliver_post(configure(start_server(200).url, prepare_url="http://127.0.0.1:9/prepare"), media=MEDIA)
    assert receipt["posted_at"] == "2026-11-24T08:00:00.000Z"
