"""Mastodon, and servers with its API (GoToSocial, Akkoma, ...), without posting twice.

Every attempt sends the same Idempotency-Key. Mastodon remembers the key of a stored status for an hour, but may store
both of two simultaneous requests, and some servers ignore the key (tested with GoToSocial). So the first attempt notes
the newest status of the account, and every later attempt searches the statuses since then for the post, twice with a
pause between, before it sends the post again. Mastodon.py waits by itself until a rate limit ends, so this package uses
HttpClient.
"""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import regex
from pydantic import SecretStr

from core.accounts.port import Account
from core.publishing.account_form import is_allowed_url, parse_secret, parse_server
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import DEADLINE_SECONDS, RequestError, Response
from core.publishing.kept_uploads.port import UploadStore
from core.publishing.network import (
    CannotConnect,
    FormField,
    NetworkDependencies,
    NetworkResult,
    PostingPermission,
    PreparationFailed,
    Publication,
    Published,
    Refused,
    TextLength,
    ThreadForm,
)
from core.publishing.networks.mastodon.api import MastodonClient, published_status
from core.publishing.networks.mastodon.limits import DEFAULT_TEXT_LIMITS, media_limits, read_limits
from core.publishing.networks.mastodon.media import MastodonUploads
from core.publishing.networks.mastodon.options import OPTIONS, status_options
from core.publishing.networks.mastodon.search import StatusSearch, newest_id
from core.publishing.networks.mastodon.text_length import text_length
from core.publishing.profile import Profile, as_text
from core.publishing.result_classifier import (
    RECONNECT,
    ResultClassifier,
    failure_text,
    posting_permission,
    require_response,
    require_success,
    retry_deduplicated,
    retry_harmless,
)
from core.publishing.sending import send_post
from core.publishing.transfer_time import publication_seconds, upload_seconds
from core.publishing.upload_memory import UploadMemory
from core.publishing.uploads import require_accepted
from core.time.instants import Clock

MAX_TAKEN = 1000
"""The latest statuses that the process remembers as taken by a publication."""
_NO_AVATAR = "/missing.png"
"""The end of the address of Mastodon's picture for accounts without an avatar."""
SETTLE_SECONDS = 5.0
"""The pause between the two searches. The server may still be storing the status during the first one."""


class MastodonNetwork:
    """Publishes statuses, with the visibility that the account has by default or that the post chooses."""

    label = "Mastodon"
    threads: ThreadForm | None = "replies"
    options = OPTIONS
    post_link = re.compile(r"https?://[^/?#\s]+/(?:@[^/\s]+(?:/statuses)?|notice)/([0-9A-Za-z]{1,64})/?")
    fields = (
        FormField(name="server", label="Server", help="For example mastodon.social"),
        FormField(
            name="token",
            label="Access token",
            help="Preferences, Development: a new application with the scopes read, write:statuses and write:media",
            secret=True,
        ),
    )

    def __init__(
        self,
        clock: Clock,
        *,
        sleep: Callable[[float], None] = time.sleep,
        seconds: float | None = None,
        uploads: UploadStore | None = None,
    ) -> None:
        """`seconds` replaces the time limit of each call and publication."""
        self._clock = clock
        self._seconds = seconds
        self._uploads = UploadMemory(clock, uploads)
        self._taken: dict[tuple[str, str], str] = {}
        self._sleep = sleep
        self._classifier = ResultClassifier(name=self.label, clock=clock, ambiguous=retry_deduplicated)
        self._harmless_classifier = ResultClassifier(name=self.label, clock=clock, ambiguous=retry_harmless)

    def connect(self, form: Mapping[str, str]) -> Account:
        server = parse_server(form.get("server", ""))
        token = parse_secret(form, "token", "access token")
        client = MastodonClient(self.label, server, token)
        user = self._user(client)
        self._require_permission(client)
        name = f"{user['username']}@{urlsplit(server).netloc}"
        return Account(
            destination=f"mastodon:{name}",
            label=f"@{name} (Mastodon)",
            address=server,
            identity=str(user["id"]),
            limits=read_limits(require_response(client.instance)),
            deduplicates=True,
            credentials={"token": SecretStr(token)},
        )

    def check(self, account: Account) -> PostingPermission:
        client = self._client(account)

        def ask() -> str | None:
            self._user(client)
            return self._require_permission(client)

        return posting_permission(ask)

    def profile(self, account: Account) -> Profile:
        user = require_success(self._client(account).verify_credentials, self.label).json_object
        url = as_text(user.get("avatar_static")) or as_text(user.get("avatar"))
        server = urlsplit(account.address or "").netloc
        return Profile(
            name=as_text(user.get("display_name")) or as_text(user.get("username")),
            handle=f"{as_text(user.get('username'))}@{server}",
            avatar_url="" if url.endswith(_NO_AVATAR) else url,
        )

    def measure(self, text: str, account: Account) -> TextLength:
        limits = DEFAULT_TEXT_LIMITS | account.limits
        count = text_length(text, limits["url"])
        if limits.get("counts_as_written"):
            count = max(count, len(text))
        return TextLength(count=count, limit=limits["characters"])

    def media_limits(self, account: Account) -> MediaLimits:
        return media_limits(account.limits)

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        """Upload a video, and return the ID of the account's newest status. Raises PreparationFailed.

        Pictures not uploaded ahead are sent by `publish`. A video may take longer than a claim, so it precedes it.
        """
        if not _is_complete(publication.account):
            return None
        if publication.video:
            self.upload(publication)
        try:
            response = self._client(publication.account).newest_status(publication.account.identity or "")
        except RequestError as error:
            raise PreparationFailed(self._harmless_classifier.from_error(error)) from None
        newest = newest_id(require_accepted(response, self._harmless_classifier))
        if newest is None:
            raise PreparationFailed(self._harmless_classifier.from_incomplete())
        return {"newest": newest}

    def publish(self, publication: Publication) -> NetworkResult:
        if publication.prepared is None or not _is_complete(publication.account):
            return Refused(reason=f"The account is incomplete. {RECONNECT}")
        client = self._client(publication.account, publication_seconds(publication.media))
        try:
            earlier = self._result_of_earlier_attempt(client, publication) if publication.attempt > 1 else None
            if earlier is not None:
                return earlier
            media = self._media_uploads(client).run(publication)
        except PreparationFailed as error:
            return error.result
        except RequestError as error:
            return self._harmless_classifier.from_error(error)  # the search failed, so the post was not sent
        content = _content(publication, media)
        result = send_post(
            self._classifier,
            lambda: client.post_status(content, _idempotency_key(publication)),
            lambda response: self._published(publication, response),
            upload_id=media[0] if publication.video else None,
        )
        if isinstance(result, Refused):
            self._uploads.forget(publication)
        return result

    def upload(self, publication: Publication) -> None:
        if _is_complete(publication.account):
            client = self._client(publication.account, upload_seconds(publication.media))
            self._media_uploads(client).run(publication)

    def _media_uploads(self, client: MastodonClient) -> MastodonUploads:
        return MastodonUploads(client, self._harmless_classifier, self._uploads, self._sleep)

    def _result_of_earlier_attempt(self, client: MastodonClient, publication: Publication) -> NetworkResult | None:
        """Return the result of an earlier attempt, or None if it did not arrive. Raises RequestError.

        Two posts with one text that search at the same time find different statuses.
        """

        def belongs_to_another(reference: Mapping[str, Any]) -> bool:
            return publication.belongs_to_another(reference) or not self._take(publication, reference)

        sought = replace(publication, belongs_to_another=belongs_to_another)
        search = StatusSearch(client, self._harmless_classifier)
        found = search.find(sought)
        if found is None:
            self._sleep(SETTLE_SECONDS)
            found = search.find(sought)
        return found

    def _published(self, publication: Publication, response: Response) -> Published | None:
        status = response.json_object
        if "id" not in status:
            return None
        result = published_status(status, self._clock())
        self._take(publication, result.reference or {})
        return result

    def _take(self, publication: Publication, reference: Mapping[str, Any]) -> bool:
        """Take a status for a publication, unless another one in this process has taken it. Return whether it has it.

        This covers the moment until the result is in the ledger.
        """
        status = publication.account.destination, str(reference.get("id"))
        taker = self._taken.setdefault(status, publication.occurrence_key)
        while len(self._taken) > MAX_TAKEN:
            self._taken.pop(next(iter(self._taken)), None)
        return taker == publication.occurrence_key

    def _user(self, client: MastodonClient) -> dict[str, Any]:
        """Return the user of the token.

        Raises CannotConnect, also if the token cannot read statuses, as the search for an earlier attempt does.
        """
        user = require_success(client.verify_credentials, self.label).json_object
        name = user.get("username")
        if not isinstance(name, str) or not regex.fullmatch(r"[\w.-]+", name) or "id" not in user:
            raise CannotConnect("This server does not offer Mastodon's API.", "Check the server's name.")
        require_success(lambda: client.newest_status(str(user["id"])), self.label)
        return user

    def _require_permission(self, client: MastodonClient) -> str | None:
        """Raise CannotConnect if the token may not post. Return what was not verified if the server does not tell."""
        response = require_response(client.edit_no_status)
        if response.status in (401, 403):
            hint = "Create a token with the scopes read, write:statuses and write:media."
            raise CannotConnect(f"The token may not post. {failure_text(self.label, response)}", hint)
        if response.status != 404:
            return "The server did not tell whether the token may post: not checked."
        if require_response(client.edit_no_media).status in (401, 403):
            return "The token may post, but not upload pictures and videos: it lacks the scope write:media."
        return None

    def _client(self, account: Account, seconds: float = DEADLINE_SECONDS) -> MastodonClient:
        token = account.credentials["token"].get_secret_value()
        return MastodonClient(self.label, account.address or "", token, self._seconds or seconds)


def network(dependencies: NetworkDependencies) -> MastodonNetwork:
    """Return the network for the registry."""
    return MastodonNetwork(dependencies.clock, uploads=dependencies.uploads)


def _is_complete(account: Account) -> bool:
    return account.identity is not None and is_allowed_url(account.address or "")


def _content(publication: Publication, media: list[str]) -> dict[str, Any]:
    content: dict[str, Any] = {"status": publication.text, **status_options(publication.options)}
    if media:
        content["media_ids"] = media
    if publication.earlier_references:
        content["in_reply_to_id"] = publication.earlier_references[-1]["id"]
    return content


def _idempotency_key(publication: Publication) -> str:
    return hashlib.sha256(f"{publication.occurrence_key} {publication.account.destination}".encode()).hexdigest()
