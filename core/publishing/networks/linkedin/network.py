"""LinkedIn: posts of a member, through the Posts API.

LinkedIn refuses a text that was published a moment ago. It refuses older duplicates in the same way, so an ambiguous
attempt waits for a person. The text uses LinkedIn's "little text" format: an unescaped reserved character silently cuts
the post off. Access tokens expire after 60 days. No maintained Python client exists.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import regex
from pydantic import SecretStr

from core.accounts.port import Account
from core.publishing.account_form import parse_secret
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import HttpClient, Response, bearer
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
from core.publishing.networks.linkedin.images import CARD_PICTURE, PICTURE_LIMITS, LinkedInImageUploads
from core.publishing.networks.linkedin.options import OPTIONS
from core.publishing.networks.linkedin.version import api_version
from core.publishing.networks.linkedin.video import MAX_VIDEO_BYTES, MIN_VIDEO_BYTES, LinkedInVideoUpload
from core.publishing.profile import Profile, as_text
from core.publishing.result_classifier import (
    ResultClassifier,
    posting_permission,
    require_response,
    require_success,
    retry_harmless,
    unconfirmed_result,
)
from core.publishing.sending import send_post
from core.publishing.transfer_time import upload_seconds
from core.publishing.upload_memory import UploadMemory
from core.time.instants import Clock

API = "https://api.linkedin.com"
TEXT_LIMIT = 3000
"""UTF-16 units with escapes. The documentation names no limit. LinkedIn's refusals name 3,000 (n8n-io/n8n issue 22899),
some in 2026 name 4,000. They come from Java, which counts in UTF-16. No source says whether escapes count; to count
them is stricter."""
_TAG_OR_RESERVED = regex.compile(
    r"(?<![^\s(])[#＃](?P<tag>\p{N}*+\p{L}[\p{L}\p{N}\p{M}]*+)|(?P<reserved>[\\|{}@\[\]()<>#*_~])"
)


class LinkedInClassifier(ResultClassifier):
    """Also recognises a version of the API that LinkedIn no longer supports."""

    def from_response(self, response: Response) -> NetworkResult:
        if response.status != 426:
            return super().from_response(response)
        version = api_version(self.clock())
        return Refused(reason=f"LinkedIn does not support version {version} of its API. Update Punctual, then retry.")


class LinkedInNetwork:
    """Publishes posts of a member."""

    label = "LinkedIn"
    threads: ThreadForm | None = None
    options = OPTIONS
    card_picture = CARD_PICTURE
    post_link = None
    fields = (
        FormField(
            name="token",
            label="Access token",
            help="With the scopes openid, profile and w_member_social; LinkedIn's token generator makes one",
            secret=True,
        ),
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
        self._classifier = LinkedInClassifier(name=self.label, clock=clock, ambiguous=unconfirmed_result)
        self._upload_classifier = LinkedInClassifier(name=self.label, clock=clock, ambiguous=retry_harmless)

    def connect(self, form: Mapping[str, str]) -> Account:
        token = parse_secret(form, "token", "access token")
        member = self._member(token)
        return Account(
            destination=f"linkedin:{member['sub']}",
            label=f"{member.get('name') or member['sub']} (LinkedIn)",
            identity=_member_urn(member),
            credentials={"token": SecretStr(token)},
        )

    def check(self, account: Account) -> PostingPermission:
        return posting_permission(lambda: self._member(_token(account)))

    def profile(self, account: Account) -> Profile:
        token = _token(account)
        client = HttpClient(self.label, secrets=[token])
        member = require_success(
            lambda: client.get(f"{self._api}/v2/userinfo", headers=bearer(token)), self.label
        ).json_object
        return Profile(name=as_text(member.get("name")), avatar_url=as_text(member.get("picture")))

    def measure(self, text: str, account: Account) -> TextLength:
        return TextLength(count=len(little_text(text).encode("utf-16-le")) // 2, limit=TEXT_LIMIT)

    def media_limits(self, account: Account) -> MediaLimits:
        return MediaLimits(pictures=PICTURE_LIMITS, max_video_bytes=MAX_VIDEO_BYTES, min_video_bytes=MIN_VIDEO_BYTES)

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return {"content": self._upload(publication)} if publication.media or publication.card else None

    def upload(self, publication: Publication) -> None:
        self._upload(publication)

    def publish(self, publication: Publication) -> NetworkResult:
        content = publication.prepared or {}
        result = send_post(
            self._classifier,
            lambda: self._post(_token(publication.account), _post_content(publication) | content),
            self._published,
            duplicate_status=422,
            upload_id=content["content"]["media"]["id"] if publication.video else None,
        )
        if isinstance(result, Refused):
            self._uploads.forget(publication)
        return result

    def _upload(self, publication: Publication) -> dict[str, Any]:
        """Upload the media, or the card's picture, and return the `content` of a post that shows them.

        Raises PreparationFailed.
        """
        token, owner = _token(publication.account), publication.account.identity
        client = HttpClient(self.label, secrets=[token], seconds=upload_seconds(publication.uploads))
        headers = self._headers(token)
        classifier, video = self._upload_classifier, publication.video
        if video is None:
            images = LinkedInImageUploads(client, owner, headers, classifier, api=self._api, memory=self._uploads)
            return images.run(publication)
        parts = self._uploads.sent_parts(publication, video)
        upload = LinkedInVideoUpload(client, owner, headers, classifier, parts, api=self._api, sleep=self._sleep)
        urn = self._uploads.once_video(publication, video, partial(upload.run, video), patience=client.seconds_left)
        return {"media": {"id": urn}}

    def _post(self, token: str, content: dict[str, Any]) -> Response:
        return HttpClient(self.label, secrets=[token]).post_json(
            f"{self._api}/rest/posts", content, headers=self._headers(token)
        )

    def _published(self, response: Response) -> Published | None:
        urn = response.headers.get("x-restli-id", "")
        if not regex.fullmatch(r"urn:li:\w+:\d+", urn):
            return None
        return Published(at=self._clock(), url=f"https://www.linkedin.com/feed/update/{urn}/")

    def _member(self, token: str) -> dict[str, Any]:
        """Return the member of the token. Raises CannotConnect."""
        client = HttpClient(self.label, secrets=[token])
        member = require_success(
            lambda: client.get(f"{self._api}/v2/userinfo", headers=bearer(token)), self.label
        ).json_object
        if not regex.fullmatch(r"[\w-]+", str(member.get("sub", ""))):
            hint = "The token needs the scopes openid and profile."
            raise CannotConnect("LinkedIn did not name the member of this token.", hint)
        self._require_permission(client, token, _member_urn(member))
        return member

    def _require_permission(self, client: HttpClient, token: str, owner: str) -> None:
        """Raise CannotConnect unless the token may post and LinkedIn supports the version of its API.

        The request asks for an upload address, which needs the permission to post. No picture is sent to it.
        """
        content, params = {"initializeUploadRequest": {"owner": owner}}, {"action": "initializeUpload"}
        url, headers = f"{self._api}/rest/images", self._headers(token)
        response = require_response(lambda: client.post_json(url, content, params=params, headers=headers))
        result = None if response.ok else self._upload_classifier.from_response(response)
        if isinstance(result, Refused):
            hint = "The token needs the scopes openid, profile and w_member_social."
            raise CannotConnect(result.reason, hint)
        require_success(lambda: response, self.label)

    def _headers(self, token: str) -> dict[str, str]:
        version = {"LinkedIn-Version": api_version(self._clock()), "X-Restli-Protocol-Version": "2.0.0"}
        return bearer(token) | version


def network(dependencies: NetworkDependencies) -> LinkedInNetwork:
    """Return the network for the registry."""
    return LinkedInNetwork(dependencies.clock, uploads=dependencies.uploads)


def little_text(text: str) -> str:
    r"""Return a text in LinkedIn's format: reserved characters escaped, `#tag` as `{hashtag|\#|tag}`."""
    return _TAG_OR_RESERVED.sub(
        lambda match: f"{{hashtag|\\#|{match['tag']}}}" if match["tag"] else f"\\{match['reserved']}", text
    )


def _post_content(publication: Publication) -> dict[str, Any]:
    return {
        "author": publication.account.identity,
        "commentary": little_text(publication.text),
        "visibility": publication.options.get("audience", "PUBLIC"),
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }


def _member_urn(member: Mapping[str, Any]) -> str:
    return f"urn:li:person:{member['sub']}"


def _token(account: Account) -> str:
    return account.credentials["token"].get_secret_value()
