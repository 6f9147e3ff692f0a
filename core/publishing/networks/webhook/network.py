"""Any server that takes a signed POST (Standard Webhooks), for instance one that a person wrote."""

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
from core.publishing.http.client import DEADLINE_SECONDS, HttpClient, RequestError, Response
from core.publishing.network import (
    CannotConnect,
    FormField,
    NetworkDependencies,
    NetworkResult,
    Publication,
    Published,
    Refused,
    TextLength,
)
from core.publishing.outcomes import ResultClassifier, mark_unconfirmed, retry_deduplicated
from core.storage.home import is_signing_secret, new_signing_secret
from core.time.instants import Clock, utc_text
from lambda_pkg.signature import signed_headers

LIMITS = MediaLimits(
    pictures=PictureLimits(count=10, max_bytes=2_000_000, total_bytes=6_000_000, max_side=2048, alt=ALT_LIMIT),
    max_video_bytes=6_000_000,
)
"""A body holds all of them in base64; this keeps it under the 10 MB that servers and proxies commonly take."""


class WebhookNetwork:
    """POSTs `{"id", "post_id", "text", "due_at", "media"}` as JSON, signed with the account's own secret.

    Any 2xx takes the post. A server that keeps `webhook-id` and ignores repeats may be marked as deduplicating; then
    unclear outcomes are tried again by themselves, and elsewhere they wait for a person.
    """

    label = "Signed webhook"
    fields = (
        FormField(name="name", label="Name", help="How it is called in Punctual, for example: sales"),
        FormField(name="address", label="Address", help="https, or http on this machine; it gets a POST with JSON"),
        FormField(
            name="secret",
            label="Signing secret",
            help="whsec_ and base64, as the receiving server has it; leave it empty to have one made",
            secret=True,
            required=False,
        ),
        FormField(
            name="deduplicates",
            label="The server ignores a webhook-id that it has seen",
            help="Then an unclear outcome is tried again by itself; otherwise it waits for you to look",
            required=False,
            checkbox=True,
        ),
    )

    def __init__(self, clock: Clock, *, seconds: float = DEADLINE_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds

    def connect(self, answers: Mapping[str, str]) -> Account:
        name, address = parse_account_name(answers), answers.get("address", "").strip()
        secret = answers.get("secret", "").strip() or new_signing_secret()
        if not is_allowed_url(address):
            raise CannotConnect("Posts cannot be sent to this address.", "Use https, or http on this machine.")
        if not is_signing_secret(secret):
            raise CannotConnect("The signing secret is not in its usual form.", "It is whsec_ followed by base64.")
        return Account(
            destination=f"webhook:{name}",
            label=f"{name} (webhook)",
            address=address,
            deduplicates=answers.get("deduplicates", "").strip().lower() == "yes",
            credentials={"secret": SecretStr(secret)},
        )

    def check(self, account: Account) -> str | None:
        return None

    def measure(self, text: str, account: Account) -> TextLength:
        return TextLength(count=graphemes(text), limit=None)

    def media_limits(self, account: Account) -> MediaLimits:
        return LIMITS

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return None

    def publish(self, publication: Publication) -> NetworkResult:
        account = publication.account
        secret = account.credentials["secret"].get_secret_value()
        if account.address is None or not is_allowed_url(account.address):
            return Refused(reason="The webhook's address must be https, or http on this machine. Connect it again.")
        now, body = self._clock(), _body(publication).encode()
        headers = {
            "Content-Type": "application/json",
            **signed_headers(publication.occurrence_key, now, body, [secret]),
        }
        ambiguous = retry_deduplicated if account.deduplicates else mark_unconfirmed
        classifier = ResultClassifier(name="The webhook", clock=self._clock, ambiguous=ambiguous)
        try:
            line = HttpClient("The webhook", secrets=[secret], seconds=self._seconds)
            answer = line.send("POST", account.address, body=body, headers=headers)
        except RequestError as fault:
            return classifier.from_error(fault)
        if not answer.ok:
            return classifier.from_response(answer)
        return Published(at=self._clock(), url=_permalink(answer))


def network(parts: NetworkDependencies) -> WebhookNetwork:
    """Return this network."""
    return WebhookNetwork(parts.clock)


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
        "data": base64.b64encode(attachment.content).decode(),
    }


def _permalink(answer: Response) -> str | None:
    """Return where the receiving server says that the post is to be seen: its Location header."""
    location = answer.headers.get("Location", "")
    return location if is_allowed_url(location) else None
