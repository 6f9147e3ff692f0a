"""Pictures and videos of a post: their limits, their preparation, and their publication through the fence."""

import base64
import hashlib
import json
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from pydantic import SecretStr

from core.accounts.port import OUTBOX, Account
from core.media.folder import FolderMedia
from core.media.intake import ingest
from core.media.pictures import PictureLimits
from core.outbox.sqlite import SqliteOutbox
from core.posts.models import Media
from core.publishing.attachments import CannotAttach, MediaLimits, check_media, load_attachments
from core.publishing.fence import Fence
from core.publishing.network import (
    NetworkDependencies,
    PreparationFailed,
    Publication,
    Published,
    Refused,
    RetryLater,
    Unconfirmed,
)
from core.publishing.networks.outbox import network as outbox
from core.publishing.networks.webhook import network as webhook
from core.storage.home import new_signing_secret
from core.time.instants import real_clock
from tests.small_video import small_video

VIDEO = small_video(5000)
LIMITS = MediaLimits(
    pictures=PictureLimits(count=2, max_bytes=50_000, max_side=100, types=("image/jpeg",), alt=10),
    max_video_bytes=10_000,
)
ACCOUNT = Account(destination="album:ada", label="Ada's album")


@pytest.fixture
def album(new_network):
    network = new_network()
    network.limits = LIMITS
    return network


@pytest.fixture
def attach(media_store, encoded_picture):
    """Store a picture of one colour and return its description."""
    return lambda colour="teal", alt="": ingest(media_store, encoded_picture(colour), alt=alt)


@pytest.fixture
def payload_with(a_post, payload_for):
    """Build the payload of a post with these attachments."""

    def build(*media: Media, **changed):
        return payload_for(a_post(**{"destinations": ("album:ada",), "media": media, **changed}))

    return build


def test_a_network_gets_fitted_pictures_in_their_order(fence, album, payload_with, attach):
    first, second = attach("red", alt="A red one"), attach("blue")
    assert fence.publish_once(payload_with(first, second), ACCOUNT, album).state == "published"
    [publication] = album.published
    assert [attachment.media for attachment in publication.media] == [first, second]
    assert [attachment.alt for attachment in publication.media] == ["A red one", ""]
    for attachment in publication.media:
        assert attachment.content_type == "image/jpeg"
        assert Image.open(BytesIO(attachment.content)).size == (attachment.width, attachment.height) == (100, 75)
        assert attachment.name == f"{attachment.media.reference[:12]}.jpeg"
    assert [each.media for each in album.prepared] == [publication.media]


def test_pictures_share_a_networks_total_size_limit(media_store):
    noise = BytesIO()
    Image.effect_noise((300, 300), 120).save(noise, "JPEG", quality=95)
    media = [ingest(media_store, noise.getvalue())] * 4
    limits = MediaLimits(pictures=PictureLimits(count=4, max_bytes=60_000, total_bytes=60_000, types=("image/jpeg",)))
    ready = load_attachments(media, media_store, limits, "It")
    assert sum(len(each.content) for each in ready) <= 60_000


def test_a_video_is_sent_unchanged(fence, album, payload_with, media_store):
    fence.publish_once(payload_with(ingest(media_store, VIDEO)), ACCOUNT, album)
    [publication] = album.published
    assert (publication.media[0].content[:], publication.media[0].content_type) == (VIDEO, "video/mp4")
    assert publication.media[0].name.endswith(".mp4")


def test_a_post_whose_picture_is_missing_is_refused_with_the_reason(
    fence, album, payload_with, attach, media_store, ledger
):
    media = attach()
    media_store.delete(media.reference)
    payload = payload_with(media)
    result = fence.publish_once(payload, ACCOUNT, album)
    assert result.state == "refused"
    assert f"{media.reference[:12]} is no longer there" in result.reason
    assert "Attach it again" in result.reason
    assert album.published == []
    assert [receipt.kind for receipt in ledger.occurrence(payload.occurrence_key).receipts] == ["refused"]


def test_a_post_whose_picture_was_altered_on_disk_is_refused(
    fence, album, payload_with, attach, encoded_picture, tmp_path
):
    media = attach()
    (tmp_path / "media" / media.reference[:2] / media.reference).write_bytes(encoded_picture("black"))
    assert "has changed" in fence.publish_once(payload_with(media), ACCOUNT, album).reason
    assert album.published == []


def test_a_post_with_too_many_pictures_is_refused(fence, album, payload_with, attach):
    result = fence.publish_once(payload_with(attach("red"), attach("green"), attach("blue")), ACCOUNT, album)
    assert (result.state, result.reason) == (
        "refused",
        "The post has 3 pictures or videos; Album accepts 2. Remove some.",
    )


def test_a_post_is_not_refused_when_the_store_fails(ledger, clock, album, payload_with, attach, media_store):
    class Unreachable(FolderMedia):
        def get(self, reference):
            raise TimeoutError

    media = attach()
    with pytest.raises(TimeoutError):
        Fence(ledger, Unreachable(media_store._path), clock).publish_once(payload_with(media), ACCOUNT, album)
    assert ledger.occurrence(payload_with(media).occurrence_key) is None


def test_a_published_post_is_not_prepared_again(fence, album, payload_with, attach, media_store):
    media = attach()
    payload = payload_with(media)
    first = fence.publish_once(payload, ACCOUNT, album)
    media_store.delete(media.reference)
    assert fence.publish_once(payload, ACCOUNT, album) == first
    assert first.state == "published"
    assert len(album.prepared) == 1


def test_a_retried_post_with_pictures_is_published(fence, album, payload_with, attach):
    album.results = [RetryLater(reason="busy")]
    payload = payload_with(attach())
    assert fence.publish_once(payload, ACCOUNT, album).state == "waiting"
    assert fence.publish_once(payload, ACCOUNT, album).state == "published"
    assert [publication.attempt for publication in album.published] == [1, 2]


def test_an_unconfirmed_post_with_pictures_stays_unconfirmed(fence, album, payload_with, attach):
    album.results = [Unconfirmed(reason="who knows")]
    payload = payload_with(attach())
    assert [fence.publish_once(payload, ACCOUNT, album).state for _ in range(2)] == ["unconfirmed"] * 2
    assert len(album.published) == len(album.prepared) == 1


def test_the_next_attempt_gets_the_upload_id_unless_the_last_one_left_none(
    fence, album, payload_with, media_store, ledger, clock
):
    uploaded = RetryLater(reason="still processing", upload_id="7")
    album.results = [uploaded, uploaded, RetryLater(reason="busy"), uploaded, Refused(reason="no"), uploaded]
    payload = payload_with(ingest(media_store, VIDEO))
    for _ in range(5):
        fence.publish_once(payload, ACCOUNT, album)
    ledger.reopen(payload, ("album:ada",), now=clock())
    for _ in range(2):
        fence.publish_once(payload, ACCOUNT, album)
    assert [publication.upload_id for publication in album.published] == [None, "7", "7", None, "7", None, "7"]


def test_a_failed_preparation_is_retried_with_its_upload_id(fence, album, payload_with, media_store, clock):
    uploaded = RetryLater(reason="still processing", retry_after=timedelta(seconds=5), upload_id="7")
    album.failures = [PreparationFailed(uploaded), PreparationFailed(uploaded)]
    payload = payload_with(ingest(media_store, VIDEO))
    for _ in range(2):
        result = fence.publish_once(payload, ACCOUNT, album)
        assert (result.state, result.reason, result.retry_after) == ("waiting", uploaded.reason, uploaded.retry_after)
        clock.move(seconds=5)
    assert album.published == []
    assert fence.publish_once(payload, ACCOUNT, album).state == "published"
    assert [publication.upload_id for publication in album.published] == ["7"]


def test_a_refused_preparation_is_not_repeated_until_a_person_retries(
    fence, album, payload_with, media_store, ledger, clock
):
    album.failures = [PreparationFailed(Refused(reason="cannot be processed"))]
    payload = payload_with(ingest(media_store, VIDEO))
    for _ in range(3):
        result = fence.publish_once(payload, ACCOUNT, album)
        assert (result.state, result.reason) == ("refused", "cannot be processed")
    assert (len(album.prepared), album.published) == (1, [])
    ledger.reopen(payload, ("album:ada",), now=clock())
    assert fence.publish_once(payload, ACCOUNT, album).state == "published"


def test_a_process_that_ends_while_it_uploads_leaves_nothing_to_resolve(
    fence, album, payload_with, media_store, ledger
):
    album.failures = [SystemExit()]
    payload = payload_with(ingest(media_store, VIDEO))
    with pytest.raises(SystemExit):
        fence.publish_once(payload, ACCOUNT, album)
    assert ledger.occurrence(payload.occurrence_key) is None
    assert fence.publish_once(payload, ACCOUNT, album).state == "published"


def test_an_upload_for_one_account_is_not_used_for_another(fence, album, payload_with, media_store):
    album.results = [RetryLater(reason="still processing", upload_id="7")]
    payload = payload_with(ingest(media_store, VIDEO), destinations=("album:ada", "album:bob"))
    for account in (ACCOUNT, Account(destination="album:bob", label="Bob's album")):
        fence.publish_once(payload, account, album)
    assert [publication.upload_id for publication in album.published] == [None, None]


def described(kind="picture", **changed):
    return Media(**{"reference": "0" * 64, "kind": kind, "content_type": "image/png", "size": 100, **changed})


@pytest.mark.parametrize(
    ("attached", "limits", "reason"),
    [
        ([described()], MediaLimits(), "Slack accepts no pictures"),
        ([described("video")], MediaLimits(pictures=LIMITS.pictures), "Slack accepts no videos"),
        ([described("video"), described()], LIMITS, "either pictures or one video"),
        ([described("video"), described("video")], LIMITS, "either pictures or one video"),
        (
            [described("video", size=25_000_000)],
            MediaLimits(max_video_bytes=20_000_000),
            r"25\.0 MB; Slack accepts 20 MB",
        ),
        (
            [described("video", size=50_000)],
            MediaLimits(max_video_bytes=20_000_000, min_video_bytes=75_000),
            "50 kB; Slack accepts none below 75 kB",
        ),
        ([described(alt="x" * 11)], LIMITS, "description has 11 characters; Slack accepts 10"),
    ],
)
def test_media_beyond_a_networks_limits_are_refused_when_the_post_is_written(attached, limits, reason):
    with pytest.raises(CannotAttach, match=reason) as refusal:
        check_media(attached, limits, "Slack")
    assert refusal.value.hint


def test_descriptions_are_omitted_for_a_network_without_them(media_store, attach):
    limits = MediaLimits(pictures=PictureLimits(count=1, max_bytes=10**6))
    assert [each.alt for each in load_attachments([attach(alt="A teal square")], media_store, limits, "Telegram")] == [
        ""
    ]


def test_the_outbox_shows_the_attachments(database, clock, fence, attach, a_post, payload_for):
    feed = SqliteOutbox(database)
    attached = attach(alt="A teal square")
    payload = payload_for(a_post(media=(attached,)))
    fence.publish_once(payload, OUTBOX, outbox.network(NetworkDependencies(outbox=feed, clock=clock)))
    assert feed.feed(limit=1)[0].media == (attached,)
    assert feed.get(payload.occurrence_key).media == (attached,)


def test_a_webhook_gets_the_attachments(media_store, encoded_picture, clock, start_server):
    server = start_server(204)
    account = Account(
        destination="webhook:sales",
        label="sales",
        address=server.url,
        credentials={"secret": SecretStr(new_signing_secret())},
    )
    network = webhook.WebhookNetwork(real_clock)
    attached = ingest(media_store, encoded_picture(size=(4000, 3000)), alt="A teal square")
    result = network.publish(
        Publication(
            occurrence_key="k3v9q2m4cx7a",
            post_id="k3v9q2m4cx7a",
            account=account,
            text="Look",
            due_at=clock() - timedelta(seconds=1),
            media=load_attachments([attached], media_store, network.media_limits(account), network.label),
        )
    )
    assert isinstance(result, Published)
    [(_, body)] = server.requests
    [sent] = json.loads(body)["media"]
    content = base64.b64decode(sent["data"])
    assert Image.open(BytesIO(content)).size == (2048, 1536)
    assert sent["sha256"] == hashlib.sha256(content).hexdigest()
    assert (sent["alt"], sent["content_type"]) == ("A teal square", "image/png")
