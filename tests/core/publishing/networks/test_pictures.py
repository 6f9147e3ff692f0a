"""Pictures on the networks that take them."""

import dataclasses
import json
import secrets
from io import BytesIO

import pytest
import requests
from PIL import Image
from pydantic import SecretStr

from core.accounts.port import Account
from core.media.intake import ingest
from core.publishing.attachments import CannotAttach, load_attachments
from core.publishing.fence import Fence
from core.publishing.network import Published, Refused, RetryLater, Unconfirmed
from core.publishing.networks.bluesky.media import UploadFailed
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.publishing.networks.discord.network import DiscordNetwork
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.publishing.networks.slack.network import SlackNetwork
from core.publishing.networks.telegram.network import TelegramNetwork
from core.time.instants import real_clock

VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 500
TOKEN = "123456:ABC-def"
CHAT = {"id": -1001234, "type": "channel", "title": "News", "username": "News"}


class TestMastodon:
    @pytest.fixture
    def network(self):
        return MastodonNetwork(real_clock, sleep=lambda seconds: None)

    @pytest.fixture
    def account(self, network, mastodon_server):
        return network.connect({"server": mastodon_server, "token": "mock_token"})

    @pytest.fixture
    def statuses(self, mastodon_server, account):
        """The statuses with a text, as the server shows them."""

        def find(text):
            place = f"{mastodon_server}/api/v1/accounts/{account.identity}/statuses"
            headers = {"Authorization": "Bearer mock_token"}
            listed = requests.get(place, params={"limit": 40}, headers=headers, timeout=10).json()
            return [status for status in listed if text in status["content"]]

        return find

    def test_the_instance_says_what_it_takes(self, network, account):
        limits = network.media_limits(account)
        assert account.limits["picture_bytes"] == 10_485_760
        assert (limits.count, limits.pictures.max_bytes, limits.pictures.alt) == (4, 4_000_000, 1500)
        small = account.model_copy(update={"limits": {"media": 2, "picture_bytes": 100_000}})
        assert (network.media_limits(small).count, network.media_limits(small).pictures.max_bytes) == (2, 100_000)

    def test_pictures_go_out_in_their_order_with_their_descriptions(
        self, network, account, prepared_with_media, make_picture, statuses
    ):
        text = secrets.token_hex(8)
        post = prepared_with_media(network, account, make_picture("red", "A red one"), make_picture("blue"), text=text)
        assert isinstance(network.publish(post), Published)
        [status] = statuses(text)
        assert [each["description"] for each in status["media_attachments"]] == ["A red one", None]
        shown = requests.get(status["media_attachments"][0]["url"].replace("localhost", "127.0.0.1"), timeout=10)
        assert Image.open(BytesIO(shown.content)).getpixel((0, 0)) == (255, 0, 0)

    @pytest.mark.parametrize("when", ["before", "after", "during"])
    @pytest.mark.parametrize("what", ["/api/v2/media", "/api/v1/statuses"])
    def test_a_connection_that_breaks_leaves_one_status(
        self, network, account, prepared_with_media, make_picture, statuses, faulty_proxy, mastodon_server, when, what
    ):
        proxy, text = faulty_proxy(mastodon_server), secrets.token_hex(8)
        through = account.model_copy(update={"address": proxy.url})
        post = prepared_with_media(network, through, make_picture("red", "A red one"), text=text)
        proxy.break_next(when, request=f"POST {what}")
        assert isinstance(network.publish(post), RetryLater)
        assert isinstance(network.publish(dataclasses.replace(post, attempt=2)), Published)
        assert len(statuses(text)) == 1

    def test_the_same_text_with_other_pictures_is_another_post(self, network, account, prepared_with_media, make_picture, statuses):
        text = secrets.token_hex(8)
        network.publish(prepared_with_media(network, account, make_picture("red"), make_picture("blue"), text=text))
        second = prepared_with_media(network, account, make_picture("red"), text=text)
        assert isinstance(network.publish(dataclasses.replace(second, attempt=2)), Published)
        assert len(statuses(text)) == 2

    def test_pictures_alone_cannot_be_told_apart_so_a_person_looks(self, network, account, prepared_with_media, make_picture):
        first = prepared_with_media(network, account, make_picture("red"), text="")
        assert isinstance(network.publish(first), Published)
        again = prepared_with_media(network, account, make_picture("blue"), text="")
        assert isinstance(network.publish(dataclasses.replace(again, attempt=2)), Unconfirmed)

    @pytest.mark.parametrize(
        ("status", "expected"),
        [(422, Refused), (413, Refused), (403, Refused), (429, RetryLater), (500, RetryLater), (503, RetryLater)],
    )
    def test_a_picture_that_is_turned_down_leaves_no_doubt_that_nothing_is_out(
        self, network, account, prepared_with_media, make_picture, stub, status, expected
    ):
        stub.respond("POST /api/v2/media", status, {"error": "Validation failed"})
        post = prepared_with_media(network, account.model_copy(update={"address": stub.url}), make_picture("red"))
        assert type(network.publish(post)) is expected
        assert stub.received("POST /api/v1/statuses") == []

    @pytest.mark.parametrize("number", ["7", "01JD0Z6M3W0000000000000000"])  # servers of the same API count in letters
    def test_a_video_is_waited_for_until_the_server_is_done_with_it(self, account, prepared_with_media, stub, media_store, number):
        network = MastodonNetwork(real_clock)
        pauses = []

        def done(seconds):
            pauses.append(seconds)
            if len(pauses) == 2:
                stub.respond(f"GET /api/v1/media/{number}", 200, {"id": number, "url": "https://example.org/7.mp4"})

        network = MastodonNetwork(real_clock, sleep=done)
        stub.respond("POST /api/v2/media", 202, {"id": number, "url": None})
        stub.respond(f"GET /api/v1/media/{number}", 206, {"id": number, "url": None})
        stub.respond("POST /api/v1/statuses", 200, {"id": "1", "url": "https://example.org/1"})
        through = account.model_copy(update={"address": stub.url})
        assert isinstance(network.publish(prepared_with_media(network, through, ingest(media_store, VIDEO))), Published)
        assert len(pauses) == 2
        assert stub.received("POST /api/v1/statuses")[0].json["media_ids"] == [number]

    def test_an_upload_that_gets_no_number_is_tried_again(self, account, prepared_with_media, stub, media_store):
        network = MastodonNetwork(real_clock)
        stub.respond("POST /api/v2/media", 202, {"url": None})
        through = account.model_copy(update={"address": stub.url})
        assert isinstance(network.publish(prepared_with_media(network, through, ingest(media_store, VIDEO))), RetryLater)


class TestBluesky:
    @pytest.fixture
    def network(self):
        return BlueskyNetwork(real_clock)

    @pytest.fixture
    def connect(self, network, pds_user):
        def join(server=None):
            answers = {"handle": pds_user.handle, "password": pds_user.password, "server": server or pds_user.server}
            return network.connect(answers)

        return join

    def test_pictures_go_out_in_their_order_with_alt_text_and_shape(
        self, network, pds_user, connect, prepared_with_media, make_picture
    ):
        post = prepared_with_media(network, connect(), make_picture("red", "A red one"), make_picture("blue", size=(100, 900)))
        assert isinstance(network.publish(post), Published)
        assert isinstance(network.publish(post), Published)
        [record] = pds_user.posts()
        first, second = record["value"]["embed"]["images"]
        assert (first["alt"], first["aspectRatio"]) == ("A red one", {"width": 400, "height": 300})
        assert (second["alt"], second["aspectRatio"]) == ("", {"width": 100, "height": 900})
        assert first["image"]["size"] == len(post.media[0].content)
        assert first["image"]["mimeType"] == "image/png"

    def test_preparing_again_names_the_same_pictures(self, network, connect, prepared_with_media, make_picture):
        picture, account = make_picture("red"), connect()
        first, second = (prepared_with_media(network, account, picture) for _ in range(2))
        assert first.prepared["record"]["embed"] == second.prepared["record"]["embed"]

    @pytest.mark.parametrize("when", ["before", "after", "during"])
    @pytest.mark.parametrize("what", ["uploadBlob", "putRecord"])
    def test_a_connection_that_breaks_leaves_one_post_with_its_picture(
        self, network, pds_user, connect, make_picture, media_store, ledger, clock, a_post, invoked, faulty_proxy, when, what
    ):
        proxy = faulty_proxy(pds_user.server)
        account = connect(proxy.url)
        payload = invoked(a_post(destinations=(account.destination,), media=(make_picture("red", "A red one"),)))
        fence = Fence(ledger, media_store, clock)
        proxy.break_next(when, request=what)
        if what == "uploadBlob":
            with pytest.raises(UploadFailed):
                fence.publish_once(payload, account, network)
        else:
            assert fence.publish_once(payload, account, network).state == "waiting"
        assert fence.publish_once(payload, account, network).state == "published"
        [record] = pds_user.posts()
        assert record["value"]["embed"]["images"][0]["alt"] == "A red one"

    def test_a_picture_that_the_server_will_not_have_is_refused_and_told(
        self, network, stub, make_picture, media_store, ledger, clock, a_post, invoked
    ):
        session = {"did": "did:plc:ada", "accessJwt": "jwt", "handle": "ada.test"}
        stub.respond("POST /xrpc/com.atproto.server.createSession", 200, session)
        blob = {"error": "BlobTooLarge", "message": "This file is too large"}
        stub.respond("POST /xrpc/com.atproto.repo.uploadBlob", 413, blob)
        account = network.connect({"handle": "ada.test", "password": "abcd-efgh-ijkl-mnop", "server": stub.url})
        payload = invoked(a_post(destinations=(account.destination,), media=(make_picture("red"),)))
        result = Fence(ledger, media_store, clock).publish_once(payload, account, network)
        assert result.state == "refused"
        assert "This file is too large" in result.reason
        assert stub.received("POST /xrpc/com.atproto.repo.putRecord") == []


class TestDiscord:
    ACCOUNT = Account(
        destination="discord:news", label="news", identity="42", credentials={"webhook": SecretStr("1/s3cret")}
    )

    def test_pictures_go_out_as_files_with_descriptions(self, stub, prepared_with_media, make_picture):
        network = DiscordNetwork(real_clock, api=stub.url)
        stub.respond("POST /webhooks/1/s3cret", 200, {"id": "7", "channel_id": "8"})
        post = prepared_with_media(network, self.ACCOUNT, make_picture("red", "A red one"), make_picture("blue"), text="Grüße 🎉")
        assert network.publish(post).url == "https://discord.com/channels/42/8/7"
        [request] = stub.received("POST /webhooks/1/s3cret")
        assert request.path.endswith("?wait=true")
        parts = request.form
        content = json.loads(parts["payload_json"][2])
        assert (content["content"], content["allowed_mentions"]) == ("Grüße 🎉", {"parse": []})
        assert [each["description"] for each in content["attachments"]] == ["A red one", ""]
        for number, attachment in enumerate(post.media):
            assert parts[f"files[{number}]"] == (attachment.name, "image/png", attachment.content)
            assert content["attachments"][number]["filename"] == attachment.name

    def test_an_unclear_outcome_waits_for_a_person_with_pictures_too(self, stub, prepared_with_media, make_picture, faulty_proxy):
        proxy = faulty_proxy(stub.url)
        proxy.break_next("after")
        network = DiscordNetwork(real_clock, api=proxy.url)
        stub.respond("POST /webhooks/1/s3cret", 200, {"id": "7", "channel_id": "8"})
        assert isinstance(network.publish(prepared_with_media(network, self.ACCOUNT, make_picture("red"))), Unconfirmed)


class TestTelegram:
    ACCOUNT = Account(
        destination="telegram:news", label="News", identity="-1001234", credentials={"token": SecretStr(TOKEN)}
    )

    @pytest.fixture
    def network(self, stub):
        return TelegramNetwork(real_clock, api=stub.url)

    def test_one_picture_goes_out_with_the_text_as_its_caption(self, network, stub, prepared_with_media, make_picture):
        stub.respond(f"POST /bot{TOKEN}/sendPhoto", 200, {"ok": True, "result": {"message_id": 7, "chat": CHAT}})
        post = prepared_with_media(network, self.ACCOUNT, make_picture("red"), text="Grüße 🎉")
        assert network.publish(post).url == "https://t.me/News/7"
        parts = stub.received(f"POST /bot{TOKEN}/sendPhoto")[0].form
        assert (parts["chat_id"][2], parts["caption"][2].decode()) == (b"-1001234", "Grüße 🎉")
        assert parts["photo"] == (post.media[0].name, "image/png", post.media[0].content)

    def test_several_go_out_as_an_album_with_the_text_on_the_first(self, network, stub, prepared_with_media, make_picture):
        messages = [{"message_id": number, "chat": CHAT} for number in (7, 8)]
        stub.respond(f"POST /bot{TOKEN}/sendMediaGroup", 200, {"ok": True, "result": messages})
        post = prepared_with_media(network, self.ACCOUNT, make_picture("red"), make_picture("blue"), text="Look")
        assert network.publish(post).url == "https://t.me/News/7"
        parts = stub.received(f"POST /bot{TOKEN}/sendMediaGroup")[0].form
        assert json.loads(parts["media"][2]) == [
            {"type": "photo", "media": "attach://file0", "caption": "Look"},
            {"type": "photo", "media": "attach://file1"},
        ]
        assert [parts[f"file{number}"][2] for number in (0, 1)] == [each.content for each in post.media]

    def test_a_video_goes_out_as_one(self, network, stub, prepared_with_media, media_store):
        stub.respond(f"POST /bot{TOKEN}/sendVideo", 200, {"ok": True, "result": {"message_id": 7, "chat": CHAT}})
        assert isinstance(network.publish(prepared_with_media(network, self.ACCOUNT, ingest(media_store, VIDEO))), Published)
        assert stub.received(f"POST /bot{TOKEN}/sendVideo")[0].form["video"][1:] == ("video/mp4", VIDEO)

    def test_a_caption_has_a_limit_of_its_own(self, network):
        assert network.media_limits(self.ACCOUNT).caption == 1024


def test_slack_takes_no_pictures_through_a_webhook_and_says_so(media_store, make_picture):
    network = SlackNetwork(real_clock)
    account = Account(destination="slack:team", label="team", credentials={"webhook": SecretStr("T/B/x")})
    with pytest.raises(CannotAttach, match="Slack accepts no pictures"):
        load_attachments([make_picture("red")], media_store, network.media_limits(account), network.label)
