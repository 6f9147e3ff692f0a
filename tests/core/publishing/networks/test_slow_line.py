"""Posts with four photos on a slow line. The bytes that are sent move the clock; no time passes."""

import dataclasses
import http.client
from types import SimpleNamespace
from typing import Any

import pytest
from urllib3.connection import HTTPConnection

from core.accounts.port import Account
from core.publishing.network import Published, RetryLater
from core.publishing.networks.discord.network import DiscordNetwork
from core.publishing.networks.telegram.network import TelegramNetwork
from core.publishing.networks.webhook.network import WebhookNetwork
from core.publishing.transfer_time import lease
from core.time.instants import real_clock
from tests.core.publishing.networks.upload_apis import LinkedInApi, XApi

PHOTO_BYTES = 1_200_000
MBIT = 125_000


class SlowLine:
    """A line on which each byte takes its time."""

    def __init__(self) -> None:
        self.bytes_per_second = 2 * MBIT
        self.seconds = 0.0

    def monotonic(self) -> float:
        return 1000 + self.seconds

    def send(self, connection: HTTPConnection, data: Any) -> None:
        self.seconds += len(data) / self.bytes_per_second
        http.client.HTTPConnection.send(connection, data)


@pytest.fixture
def line(monkeypatch) -> SlowLine:
    line = SlowLine()
    monkeypatch.setattr(HTTPConnection, "send", lambda connection, data: line.send(connection, data), raising=False)
    for module in ("client", "deadline"):
        monkeypatch.setattr(f"core.publishing.http.{module}.time", SimpleNamespace(monotonic=line.monotonic))
    return line


@pytest.fixture
def photos(with_media, make_picture) -> Any:
    """Build a publication of four photos."""

    def build(network: Any, account: Account) -> Any:
        publication = with_media(
            network, account, *(make_picture(colour) for colour in ("red", "green", "blue", "teal"))
        )
        media = tuple(
            dataclasses.replace(each, content=each.content.ljust(PHOTO_BYTES, b"\0")) for each in publication.media
        )
        return dataclasses.replace(publication, media=media)

    return build


@pytest.fixture(params=[XApi, LinkedInApi])
def api(request, stub) -> Any:
    return request.param(stub, [])


@pytest.fixture
def photos_received(api, stub) -> Any:
    """Count the photos that arrived whole."""
    request = api.UPLOAD if isinstance(api, XApi) else api.PUT_IMAGE
    return lambda: sum(len(each.body) >= PHOTO_BYTES for each in stub.received(request))


def test_four_photos_go_out_at_2_mbit_a_second(api, line, photos, publish, photos_received):
    network = api.network()
    assert isinstance(publish(network, photos(network, api.account)), Published)
    assert photos_received() == 4
    assert line.seconds > 19


def test_on_a_line_that_is_too_slow_each_attempt_begins_at_the_photo_that_is_missing(
    api, line, photos, publish, photos_received
):
    line.bytes_per_second = MBIT // 5
    network = api.network()
    post = photos(network, api.account)
    assert isinstance(publish(network, post), RetryLater)
    received = photos_received()
    assert 0 < received < 4
    assert isinstance(publish(network, dataclasses.replace(post, attempt=2)), Published)
    assert photos_received() == 4


def webhook(stub):
    stub.respond("POST /hook", 204)
    account = Account(
        destination="webhook:sales", label="Sales", address=f"{stub.url}/hook", credentials={"secret": "whsec_a2V5a2V5"}
    )
    return WebhookNetwork(real_clock), account


def discord(stub):
    stub.respond("POST /webhooks/1/token", 200, {"id": "2", "channel_id": "3"})
    account = Account(destination="discord:news", label="News", identity="4", credentials={"webhook": "1/token"})
    return DiscordNetwork(real_clock, api=stub.url), account


def telegram(stub):
    stub.respond("POST /bot1:token/sendMediaGroup", 200, {"ok": True, "result": [{"message_id": 1}]})
    account = Account(destination="telegram:news", label="News", identity="-1", credentials={"token": "1:token"})
    return TelegramNetwork(real_clock, api=stub.url), account


@pytest.mark.parametrize("connect", [webhook, discord, telegram])
def test_photos_that_are_part_of_the_post_go_out_at_1_mbit_a_second_within_the_lease(
    stub, line, photos, publish, connect
):
    network, account = connect(stub)
    line.bytes_per_second = MBIT
    post = photos(network, account)
    assert isinstance(publish(network, post), Published)
    assert 38 < line.seconds < lease(post.media).total_seconds()
