"""Signed webhook: any server that accepts a POST signed as Standard Webhooks specify, such as the user's own."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from core.accounts.port import Account
from core.media.pictures import PictureLimits
from core.media.port import reference_of
from core.posts.models import ALT_LIMIT, graphemes
from core.publishing.account_form import is_allowed_url, parse_account_name
from core.publishing.attachments import Attachment, MediaLimits
from core.publishing.http.client import HttpClient, Response
from core.publishing.http.redaction import secrets_of_url
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
from core.publishing.options import Option
from core.publishing.result_classifier import (
    ResultClassifier,
    posting_permission,
    require_response,
    retry_deduplicated,
    unconfirmed_result,
)
from core.publishing.sending import send_post
from core.publishing.transfer_time import publication_seconds
from core.storage.home import is_signing_secret, new_signing_secret
from core.time.instants import Clock, utc_text
from lambda_pkg.signature import signed_headers

MEDIA_LIMITS = MediaLimits(
    pictures=PictureLimits(count=10, max_bytes=2_000_000, total_bytes=6_000_000, max_side=2048, alt=ALT_LIMIT),
    max_video_bytes=6_000_000,
)
"""The body contains all media in base64. These limits keep it under 10 MB, a common limit of servers and proxies."""

CHECK_SECONDS = 10.0
"""Time limit for a check. The server needs no time to store a post."""
_BAD_ADDRESS = "The webhook's address must be https, or http on this machine. Connect it again."
_NOT_ASKED = "A server answers; whether it accepts posts was not checked, because that needs a post."


class WebhookNetwork:
    """POSTs `{"id", "post_id", "text", "due_at", "media"}` as JSON, signed with the account's own secret.

    Any 2xx accepts the post. If the user declares that the server ignores a repeated `webhook-id`, Punctual retries an
    ambiguous attempt. Otherwise the attempt waits for a person.
    """

    label = "Signed webhook"
    threads: ThreadForm | None = None
    options: tuple[Option, ...] = ()
    post_link = None
    fields = (
        FormField(name="name", label="Name", help="Name in Punctual, for example: sales"),
        FormField(name="address", label="Address", help="https, or http on this machine; it receives a POST with JSON"),
        FormField(
            name="secret",
            label="Signing secret",
            help="whsec_ and base64, the same as on the receiving server; leave it empty to generate one",
            secret=True,
            required=False,
        ),
        FormField(
            name="deduplicates",
            label="The server ignores a repeated webhook-id",
            help="Punctual then retries if a result is unclear; otherwise you decide",
            required=False,
            checkbox=True,
        ),
    )

    def __init__(self, clock: Clock, *, seconds: float | None = None) -> None:
        """`seconds` replaces the time limit of each request."""
        self._clock = clock
        self._seconds = seconds

    def connect(self, form: Mapping[str, str]) -> Account:
        name, address = parse_account_name(form), form.get("address", "").strip()
        secret = form.get("secret", "").strip() or new_signing_secret()
        if not is_allowed_url(address):
            raise CannotConnect("Posts cannot be sent to this address.", "Use https, or http on this machine.")
        if not is_signing_secret(secret):
            raise CannotConnect("The signing secret is not valid.", "Enter whsec_ followed by base64.")
        return Account(
            destination=f"webhook:{name}",
            label=f"{name} (webhook)",
            address=address,
            deduplicates=form.get("deduplicates", "").strip().lower() == "yes",
            credentials={"secret": SecretStr(secret)},
        )

    def check(self, account: Account) -> PostingPermission:
        """Ask the address for the head of its page, unsigned: any response shows that a server listens there."""
        address = account.address or ""
        if not is_allowed_url(address):
            return PostingPermission(problem=_BAD_ADDRESS)
        client = HttpClient("The webhook", seconds=self._seconds or CHECK_SECONDS)
        return posting_permission(lambda: require_response(lambda: client.send("HEAD", address)) and _NOT_ASKED)

    def measure(self, text: str, account: Account) -> TextLength:
        return TextLength(count=graphemes(text), limit=None)

    def media_limits(self, account: Account) -> MediaLimits:
        return MEDIA_LIMITS

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return None

    def publish(self, publication: Publication) -> NetworkResult:
        account, address = publication.account, publication.account.address or ""
        if not is_allowed_url(address):
            return Refused(reason=_BAD_ADDRESS)
        ambiguous = retry_deduplicated if account.deduplicates else unconfirmed_result
        classifier = ResultClassifier(name="The webhook", clock=self._clock, ambiguous=ambiguous)
        return send_post(classifier, lambda: self._post(publication, address), self._published)

    def _post(self, publication: Publication, url: str) -> Response:
        secret = publication.account.credentials["secret"].get_secret_value()
        body = _body(publication).encode()
        signature = signed_headers(publication.occurrence_key, self._clock(), body, [secret])
        seconds = self._seconds or publication_seconds(publication.media)
        client = HttpClient("The webhook", secrets=[secret, *secrets_of_url(url, path=False)], seconds=seconds)
        return client.send("POST", url, body=body, headers={"Content-Type": "application/json", **signature})

    def _published(self, response: Response) -> Published:
        """Return the result, with the response's Location header as the permalink."""
        location = response.headers.get("Location", "")
        return Published(at=self._clock(), url=location if is_allowed_url(location) else None)


def network(dependencies: NetworkDependencies) -> WebhookNetwork:
    """Return the network for the registry."""
    return WebhookNetwork(dependencies.clock)


def _body(publication: Publication) -> str:
    members = {
        "id": publication.occurrence_key,
        "post_id": publication.post_id,
        "text": publication.text,
        "due_at": utc_text(publication.due_at),
        "media": [_media(attachment) for attachment in publication.media],
    }
    return json.dumps(members, ensure_ascii=False)


def _media(attachment: Attachment) -> dict[str, str]:
    return {
        "content_type": attachment.content_type,
        "alt": attachment.alt,
        "sha256": reference_of(attachment.content),
        "data": base64.b64encode(attachment.content[:]).decode(),
    }
