"""Pictures and videos on their way through the fence to a network."""

import base64
import hashlib
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
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

VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 5000
ALBUM = MediaLimits(
    pictures=PictureLimits(count=2, max_bytes=50_000, max_side=100, types=("image/jpeg",), alt=10),
    max_video_bytes=10_000,
)
ACCOUNT = Account(destination="album:ada", label="Ada's album")


def picture(colour="teal", form="PNG", size=(400, 300)):
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, form)
    return file.getvalue()


class Album:
    """A network that keeps what it is given, and answers what it is told to."""

    label = "Album"

    def __init__(self):
        self.given = []
        self.prepared_with = []
        self.unprepared = []
        self.answers = []

    def media_limits(self, account):
        return ALBUM

    def prepare(self, publication):
        self.prepared_with.append([attachment.name for attachment in publication.media])
        if self.unprepared:
            raise self.unprepared.pop(0)

    def publish(self, publication: Publication):
        self.given.append(publication)
        return self.answers.pop(0) if self.answers else Published(at=publication.due_at, url="/here")


@pytest.fixture
def store(tmp_path):
    return FolderMedia(tmp_path / "media")


@pytest.fixture
def fence(ledger, store, clock):
    return Fence(ledger, store, clock)


@pytest.fixture
def album():
    return Album()


@pytest.fixture
def due(a_post, invoked, store):
    """What the relay hands over of a post with these files attached."""

    def build(*media: Media, **changed):
        return invoked(a_post(**{"destinations": ("album:ada",), "media": media, **changed}))

    return build


def test_a_network_is_given_pictures_as_it_takes_them_in_their_order(fence, album, due, store):
    first, second = ingest(store, picture("red"), alt="A red one"), ingest(store, picture("blue"))
    assert fence.publish_once(due(first, second), ACCOUNT, album).state == "published"
    [publication] = album.given
    assert [attachment.media for attachment in publication.media] == [first, second]
    assert [attachment.alt for attachment in publication.media] == ["A red one", ""]
    for attachment in publication.media:
        assert attachment.content_type == "image/jpeg"
        assert Image.open(BytesIO(attachment.content)).size == (attachment.width, attachment.height) == (100, 75)
        assert attachment.name == f"{attachment.media.reference[:12]}.jpeg"
    assert album.prepared_with == [[attachment.name for attachment in publication.media]]


def test_pictures_share_what_a_network_takes_in_all(store):
    noise = BytesIO()
    Image.effect_noise((300, 300), 120).save(noise, "JPEG", quality=95)
    media = [ingest(store, noise.getvalue())] * 4
    limits = MediaLimits(pictures=PictureLimits(count=4, max_bytes=60_000, total_bytes=60_000, types=("image/jpeg",)))
    ready = load_attachments(media, store, limits, "It")
    assert sum(len(each.content) for each in ready) <= 60_000


def test_a_video_goes_out_as_it_is(fence, album, due, store):
    fence.publish_once(due(ingest(store, VIDEO)), ACCOUNT, album)
    [publication] = album.given
    assert (publication.media[0].content, publication.media[0].content_type) == (VIDEO, "video/mp4")
    assert publication.media[0].name.endswith(".mp4")


def test_a_picture_that_is_gone_when_the_post_is_due_is_refused_in_words(fence, album, due, store, ledger):
    media = ingest(store, picture())
    store.delete(media.reference)
    payload = due(media)
    verdict = fence.publish_once(payload, ACCOUNT, album)
    assert verdict.state == "refused"
    assert f"{media.reference[:12]} is no longer there" in verdict.reason
    assert "Attach it again" in verdict.reason
    assert album.given == []
    assert [receipt.kind for receipt in ledger.occurrence(payload.occurrence_key).receipts] == ["refused"]


def test_a_picture_that_was_altered_on_the_disk_is_refused(fence, album, due, store, tmp_path):
    media = ingest(store, picture())
    (tmp_path / "media" / media.reference[:2] / media.reference).write_bytes(picture("black"))
    assert "has changed" in fence.publish_once(due(media), ACCOUNT, album).reason
    assert album.given == []


def test_a_post_with_more_than_the_network_takes_is_refused(fence, album, due, store):
    media = [ingest(store, picture(colour)) for colour in ("red", "green", "blue")]
    verdict = fence.publish_once(due(*media), ACCOUNT, album)
    assert (verdict.state, verdict.reason) == (
        "refused",
        "Album takes 2 pictures or videos; there are 3. Remove some.",
    )


def test_a_store_that_cannot_be_read_for_the_moment_is_no_reason_to_refuse(ledger, clock, album, due, store):
    class Unreachable(FolderMedia):
        def get(self, reference):
            raise TimeoutError

    media = ingest(store, picture())
    with pytest.raises(TimeoutError):
        Fence(ledger, Unreachable(store._path), clock).publish_once(due(media), ACCOUNT, album)
    assert ledger.occurrence(due(media).occurrence_key) is None


def test_what_is_out_is_not_made_ready_again(fence, album, due, store):
    media = ingest(store, picture())
    payload = due(media)
    fence.publish_once(payload, ACCOUNT, album)
    store.delete(media.reference)
    again = fence.publish_once(payload, ACCOUNT, album)
    assert (again.state, again.url) == ("published", "/here")
    assert len(album.prepared_with) == 1


def test_a_post_with_pictures_that_is_to_be_tried_later_goes_out_then(fence, album, due, store):
    album.answers = [RetryLater(reason="busy")]
    payload = due(ingest(store, picture()))
    assert fence.publish_once(payload, ACCOUNT, album).state == "waiting"
    assert fence.publish_once(payload, ACCOUNT, album).state == "published"
    assert [publication.attempt for publication in album.given] == [1, 2]


def test_a_post_with_pictures_of_which_nobody_knows_stays_so(fence, album, due, store):
    album.answers = [Unconfirmed(reason="who knows")]
    payload = due(ingest(store, picture()))
    assert [fence.publish_once(payload, ACCOUNT, album).state for _ in range(2)] == ["unconfirmed"] * 2
    assert len(album.given) == len(album.prepared_with) == 1


def test_what_is_uploaded_is_known_to_the_next_attempt_as_long_as_nothing_else_came_of_it(
    fence, album, due, store, ledger, clock
):
    still = RetryLater(reason="still processing", upload_id="7")
    album.answers = [still, still, RetryLater(reason="busy"), still, Refused(reason="no"), still]
    payload = due(ingest(store, VIDEO))
    for _ in range(5):
        fence.publish_once(payload, ACCOUNT, album)
    ledger.reopen(payload, ("album:ada",), now=clock())
    for _ in range(2):
        fence.publish_once(payload, ACCOUNT, album)
    assert [publication.upload_id for publication in album.given] == [None, "7", "7", None, "7", None, "7"]


def test_what_cannot_be_prepared_is_not_published_and_the_next_attempt_goes_on_with_it(fence, album, due, store, clock):
    still = RetryLater(reason="still processing", retry_after=timedelta(seconds=5), upload_id="7")
    album.unprepared = [PreparationFailed(still), PreparationFailed(still)]
    payload = due(ingest(store, VIDEO))
    for _ in range(2):
        verdict = fence.publish_once(payload, ACCOUNT, album)
        assert (verdict.state, verdict.reason, verdict.retry_after) == ("waiting", still.reason, still.retry_after)
        clock.move(seconds=5)
    assert album.given == []
    assert fence.publish_once(payload, ACCOUNT, album).state == "published"
    assert [publication.upload_id for publication in album.given] == ["7"]


def test_what_cannot_be_prepared_at_all_is_refused_and_not_prepared_again_until_a_person_retries(
    fence, album, due, store, ledger, clock
):
    album.unprepared = [PreparationFailed(Refused(reason="cannot be processed"))]
    payload = due(ingest(store, VIDEO))
    for _ in range(3):
        verdict = fence.publish_once(payload, ACCOUNT, album)
        assert (verdict.state, verdict.reason) == ("refused", "cannot be processed")
    assert (len(album.prepared_with), album.given) == (1, [])
    ledger.reopen(payload, ("album:ada",), now=clock())
    assert fence.publish_once(payload, ACCOUNT, album).state == "published"


def test_a_process_that_ends_while_it_uploads_leaves_no_doubt(fence, album, due, store, ledger):
    album.unprepared = [SystemExit()]
    payload = due(ingest(store, VIDEO))
    with pytest.raises(SystemExit):
        fence.publish_once(payload, ACCOUNT, album)
    assert ledger.occurrence(payload.occurrence_key) is None
    assert fence.publish_once(payload, ACCOUNT, album).state == "published"


def test_what_is_uploaded_for_one_account_is_not_used_for_another(fence, album, due, store):
    album.answers = [RetryLater(reason="still processing", upload_id="7")]
    payload = due(ingest(store, VIDEO), destinations=("album:ada", "album:bob"))
    for account in (ACCOUNT, Account(destination="album:bob", label="Bob's album")):
        fence.publish_once(payload, account, album)
    assert [publication.upload_id for publication in album.given] == [None, None]


def media(kind="picture", **changed):
    return Media(**{"reference": "0" * 64, "kind": kind, "content_type": "image/png", "size": 100, **changed})


@pytest.mark.parametrize(
    ("attached", "limits", "said"),
    [
        ([media()], MediaLimits(), "Slack takes no pictures"),
        ([media("video")], MediaLimits(pictures=ALBUM.pictures), "Slack takes no videos"),
        ([media("video"), media()], ALBUM, "either pictures or one video"),
        ([media("video"), media("video")], ALBUM, "either pictures or one video"),
        ([media("video", size=25_000_000)], MediaLimits(max_video_bytes=20_000_000), r"25\.0 MB; Slack takes 20 MB"),
        (
            [media("video", size=50_000)],
            MediaLimits(max_video_bytes=20_000_000, min_video_bytes=75_000),
            "50 kB; Slack takes none below 75 kB",
        ),
        ([media(alt="x" * 11)], ALBUM, "description has 11 characters; Slack takes 10"),
    ],
)
def test_what_a_network_does_not_take_is_named_when_the_post_is_written(attached, limits, said):
    with pytest.raises(CannotAttach, match=said) as refused:
        check_media(attached, limits, "Slack")
    assert refused.value.hint


def test_where_a_network_has_no_descriptions_they_are_left_out(store):
    described = ingest(store, picture(), alt="A teal square")
    limits = MediaLimits(pictures=PictureLimits(count=1, max_bytes=10**6))
    assert [each.alt for each in load_attachments([described], store, limits, "Telegram")] == [""]


def test_the_outbox_shows_what_was_attached(database, clock, ledger, store, a_post, invoked):
    feed = SqliteOutbox(database)
    parts = NetworkDependencies(outbox=feed, clock=clock)
    attached = ingest(store, picture(), alt="A teal square")
    payload = invoked(a_post(media=(attached,)))
    Fence(ledger, store, clock).publish_once(payload, OUTBOX, outbox.network(parts))
    assert feed.feed(limit=1)[0].media == (attached,)
    assert feed.get(payload.occurrence_key).media == (attached,)


def test_a_webhook_is_sent_what_was_attached(store, clock):
    bodies = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        account = Account(
            destination="webhook:sales",
            label="sales",
            address=f"http://127.0.0.1:{server.server_port}/",
            credentials={"secret": SecretStr(new_signing_secret())},
        )
        network = webhook.WebhookNetwork(real_clock)
        described = ingest(store, picture(size=(4000, 3000)), alt="A teal square")
        ready = load_attachments([described], store, network.media_limits(account), network.label)
        result = network.publish(
            Publication(
                occurrence_key="k3v9q2m4cx7a",
                post_id="k3v9q2m4cx7a",
                account=account,
                text="Look",
                due_at=clock() - timedelta(seconds=1),
                media=ready,
            )
        )
        answering.join()
    assert isinstance(result, Published)
    [sent] = bodies[0]["media"]
    content = base64.b64decode(sent["data"])
    assert Image.open(BytesIO(content)).size == (2048, 1536)
    assert sent["sha256"] == hashlib.sha256(content).hexdigest()
    assert (sent["alt"], sent["content_type"]) == ("A teal square", "image/png")
