"""X, with the four keys of the user's own app (OAuth 1.0a). They do not expire.

X refuses a text that it published a moment ago. It refuses older duplicates in the same way and returns no link, so an
ambiguous attempt waits for a person. X charges for each post: USD 0.015, 0.20 with a link, and 0.005 for each
description of a picture (doc, November 2026). tweepy sends requests without a timeout, so this package uses HttpClient.
"""

import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pydantic import SecretStr

from core.accounts.port import Account
from core.publishing.account_form import parse_secret
from core.publishing.attachments import Attachment, MediaLimits
from core.publishing.http.client import DEADLINE_SECONDS, HttpClient, Response
from core.publishing.kept_uploads.port import UploadStore
from core.publishing.network import (
    CannotConnect,
    FormField,
    NetworkDependencies,
    NetworkResult,
    PostingPermission,
    Publication,
    Published,
    Refused,
    TextLength,
    ThreadForm,
)
from core.publishing.networks.x.oauth1 import OAuth1Keys, OAuth1Signer
from core.publishing.networks.x.options import OPTIONS
from core.publishing.networks.x.pictures import PICTURE_LIMITS, XPictureUploads
from core.publishing.networks.x.video import MAX_VIDEO_BYTES, XVideoUpload
from core.publishing.networks.x.weighted_length import weighted_length
from core.publishing.profile import Profile, as_text
from core.publishing.result_classifier import (
    ResultClassifier,
    posting_permission,
    require_success,
    retry_harmless,
    unconfirmed_result,
)
from core.publishing.sending import send_post
from core.publishing.transfer_time import upload_seconds
from core.publishing.upload_memory import UploadMemory
from core.time.instants import Clock

API = "https://api.x.com"
TEXT_LIMIT = 280
_NOT_NAMED = "X did not name the permission of the keys, so whether they may post was not checked."
_USER_NAME = re.compile(r"\w{1,50}", re.ASCII)
"""X's names have letters, digits and underscores, today at most 15; some accounts have older, longer ones."""
KEYS = {
    "key": "API key",
    "key_secret": "API key secret",
    "token": "access token",
    "token_secret": "access token secret",
}
"""The label of each credential, by its name."""


class XNetwork:
    """Publishes posts of the user of the access token."""

    label = "X"
    threads: ThreadForm | None = "replies"
    options = OPTIONS
    post_link = re.compile(r"https://(?:\w+\.)?(?:x|twitter)\.com/\w+/status/(\d{1,19})(?:[/?#]\S*)?", re.ASCII)
    fields = tuple(
        FormField(
            name=name, label=label[0].upper() + label[1:], help="Under Keys and tokens in X's console", secret=True
        )
        for name, label in KEYS.items()
    )

    def __init__(
        self,
        clock: Clock,
        *,
        api: str = API,
        sleep: Callable[[float], None] = time.sleep,
        uploads: UploadStore | None = None,
    ) -> None:
        self._clock = clock
        self._api = api
        self._sleep = sleep
        self._uploads = UploadMemory(clock, uploads)
        self._classifier = ResultClassifier(name=self.label, clock=clock, ambiguous=unconfirmed_result)
        self._upload_classifier = ResultClassifier(name=self.label, clock=clock, ambiguous=retry_harmless)

    def connect(self, form: Mapping[str, str]) -> Account:
        credentials = {name: SecretStr(parse_secret(form, name, label)) for name, label in KEYS.items()}
        user, _ = self._user(credentials)
        return Account(
            destination=f"x:{user['username'].lower()}",
            label=f"@{user['username']} (X)",
            identity=str(user["id"]),
            credentials=credentials,
        )

    def check(self, account: Account) -> PostingPermission:
        return posting_permission(lambda: None if self._user(account.credentials)[1] else _NOT_NAMED)

    def profile(self, account: Account) -> Profile:
        """Return the profile. X names a picture of 48 pixels, beside which there is one of 73."""
        client, sign = self._client(account.credentials), self._signer(account.credentials)
        params = {"user.fields": "profile_image_url"}
        response = require_success(lambda: client.get(f"{self._api}/2/users/me", params=params, sign=sign), self.label)
        url = as_text(response.json_value("data", "profile_image_url"))
        return Profile(
            name=as_text(response.json_value("data", "name")),
            handle=as_text(response.json_value("data", "username")),
            avatar_url="" if "/default_profile_images/" in url else url.replace("_normal.", "_bigger."),
        )

    def measure(self, text: str, account: Account) -> TextLength:
        return TextLength(count=weighted_length(text), limit=TEXT_LIMIT)

    def media_limits(self, account: Account) -> MediaLimits:
        return MediaLimits(pictures=PICTURE_LIMITS, max_video_bytes=MAX_VIDEO_BYTES)

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return {"media": self._upload(publication)} if publication.media else None

    def upload(self, publication: Publication) -> None:
        self._upload(publication)

    def publish(self, publication: Publication) -> NetworkResult:
        media: list[str] = (publication.prepared or {})["media"] if publication.media else []
        result = send_post(
            self._classifier,
            lambda: self._post(publication, media),
            lambda response: self._published(publication.account, response),
            duplicate_status=403,
            upload_id=media[0] if any(map(_is_processed, publication.media)) else None,
        )
        if isinstance(result, Refused):
            self._uploads.forget(publication)
        return result

    def _upload(self, publication: Publication) -> list[str]:
        """Return the IDs of the media in their order. Raises PreparationFailed."""
        credentials = publication.account.credentials
        client, sign = self._client(credentials, upload_seconds(publication.media)), self._signer(credentials)
        pictures = XPictureUploads(client, sign, self._upload_classifier, api=self._api)

        def animate(each: Attachment, previous_id: str | None, on_sent: Callable[[str], None]) -> str:
            parts = self._uploads.sent_parts(publication, each)
            video = XVideoUpload(client, sign, self._upload_classifier, parts, api=self._api, sleep=self._sleep)
            media_id = video.run(each, previous_id, on_sent)
            if each.media.kind == "picture":
                pictures.describe(media_id, each)
            return media_id

        def send(each: Attachment) -> str:
            patience = client.seconds_left
            if _is_processed(each):
                return self._uploads.once_video(publication, each, partial(animate, each), patience=patience)
            return self._uploads.once(publication, each, partial(pictures.run, each), patience=patience)

        return [send(each) for each in publication.media]

    def _post(self, publication: Publication, media: list[str]) -> Response:
        content: dict[str, Any] = {"text": publication.text} if publication.text else {}
        if media:
            content["media"] = {"media_ids": media}
        if publication.earlier_references:
            content["reply"] = {"in_reply_to_tweet_id": publication.earlier_references[-1]["id"]}
        elif replies := publication.options.get("replies"):
            content["reply_settings"] = replies
        credentials = publication.account.credentials
        return self._client(credentials).post_json(f"{self._api}/2/tweets", content, sign=self._signer(credentials))

    def _published(self, account: Account, response: Response) -> Published | None:
        post_id = response.json_value("data", "id")
        if post_id is None and response.complete:
            return None
        if not post_id:
            return Published(at=self._clock())
        url = f"https://x.com/{account.destination.partition(':')[2]}/status/{post_id}"
        return Published(at=self._clock(), url=url, reference={"id": str(post_id)})

    def _user(self, credentials: Mapping[str, SecretStr]) -> tuple[dict[str, Any], str]:
        """Return the user and the permission of the keys, empty if X names none. Raises CannotConnect."""
        client, sign = self._client(credentials), self._signer(credentials)
        response = require_success(lambda: client.get(f"{self._api}/2/users/me", sign=sign), self.label)
        user, level = response.json_value("data"), response.headers.get("x-access-level", "").lower()
        if not isinstance(user, dict) or not _USER_NAME.fullmatch(str(user.get("username"))) or not user.get("id"):
            raise CannotConnect("X did not name the user of these keys.", "Check that the app may read and write.")
        if level == "read":
            hint = "In X's console, set the app's permissions to Read and write, then create a new access token."
            raise CannotConnect("The keys may only read, not post.", hint)
        return user, level

    def _signer(self, credentials: Mapping[str, SecretStr]) -> OAuth1Signer:
        return OAuth1Signer(OAuth1Keys(**{name: credentials[name].get_secret_value() for name in KEYS}), self._clock)

    def _client(self, credentials: Mapping[str, SecretStr], seconds: float = DEADLINE_SECONDS) -> HttpClient:
        return HttpClient(
            self.label, secrets=[secret.get_secret_value() for secret in credentials.values()], seconds=seconds
        )


def _is_processed(attachment: Attachment) -> bool:
    """Return whether X processes an attachment after its upload: a video, or an animated GIF (doc: Best practices)."""
    return attachment.media.kind == "video" or attachment.content_type == "image/gif"


def network(dependencies: NetworkDependencies) -> XNetwork:
    """Return the network for the registry."""
    return XNetwork(dependencies.clock, uploads=dependencies.uploads)
