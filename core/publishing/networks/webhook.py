"""Any server that takes a signed POST (Standard Webhooks), for instance one that a person wrote."""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import requests
from pydantic import SecretStr
from standardwebhooks import Webhook
from urllib3.exceptions import NameResolutionError, NewConnectionError

from core.accounts import Account
from core.home import is_signing_secret, new_signing_secret
from core.media.port import reference_of
from core.models import ALT_LIMIT, graphemes
from core.moments import Clock, utc_text
from core.pictures import PictureLimits
from core.publishing.attachments import Attachment, MediaLimits
from core.publishing.entered import entered_name, is_allowed
from core.publishing.network import (
    DEADLINE_SECONDS,
    CannotConnect,
    Field,
    Later,
    Length,
    Outgoing,
    Parts,
    Published,
    Refused,
    Result,
    Unconfirmed,
)

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = DEADLINE_SECONDS - CONNECT_SECONDS
UNCLEAR_STATUSES = frozenset({408, 502, 504})
"""Said by something between us and the server, or after it had the request: the post may be out."""
TRY_AGAIN_STATUSES = frozenset({425, 429, 500, 503})
LIMITS = MediaLimits(
    pictures=PictureLimits(count=10, max_bytes=2_000_000, total_bytes=6_000_000, max_side=2048, alt=ALT_LIMIT),
    video_bytes=6_000_000,
)
"""A body holds all of them in base64; this keeps it under the 10 MB that servers and proxies commonly take."""


class WebhookNetwork:
    """POSTs `{"id", "post_id", "text", "due_at", "media"}` as JSON, signed with the account's own secret.

    A server that keeps `webhook-id` and ignores repeats may be marked as deduplicating; then unclear outcomes are
    tried again by themselves, and elsewhere they wait for a person.
    """

    label = "Signed webhook"
    fields = (
        Field(name="name", label="Name", help="How it is called in Punctual, for example: sales"),
        Field(name="address", label="Address", help="https, or http on this machine; it gets a POST with JSON"),
        Field(
            name="secret",
            label="Signing secret",
            help="whsec_ and base64, as the receiving server has it; leave it empty to have one made",
            secret=True,
            required=False,
        ),
        Field(
            name="deduplicates",
            label="The server ignores a webhook-id that it has seen",
            help="Then an unclear outcome is tried again by itself; otherwise it waits for you to look",
            required=False,
            yes_no=True,
        ),
    )

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def connect(self, answers: Mapping[str, str]) -> Account:
        name, address = entered_name(answers), answers.get("address", "").strip()
        secret = answers.get("secret", "").strip() or new_signing_secret()
        if not is_allowed(address):
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

    def measure(self, text: str, account: Account) -> Length:
        return Length(count=graphemes(text), limit=None)

    def media_limits(self, account: Account) -> MediaLimits:
        return LIMITS

    def prepare(self, outgoing: Outgoing) -> dict[str, Any] | None:
        return None

    def publish(self, outgoing: Outgoing) -> Result:
        account = outgoing.account
        if account.address is None or not is_allowed(account.address):
            return Refused(reason="The webhook's address must be https, or http on this machine. Connect it again.")
        try:
            answer = requests.post(
                account.address,
                data=(body := _body(outgoing).encode()),
                headers=self._headers(outgoing, body),
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            return _not_answered(error, deduplicates=account.deduplicates)
        with answer:
            return self._answered(answer, deduplicates=account.deduplicates)

    def _headers(self, outgoing: Outgoing, body: bytes) -> dict[str, str]:
        now = self._clock()
        secret = outgoing.account.credentials["secret"].get_secret_value()
        return {
            "content-type": "application/json",
            "user-agent": "Punctual",
            "webhook-id": outgoing.occurrence_key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(outgoing.occurrence_key, now, body.decode()),
        }

    def _answered(self, answer: requests.Response, *, deduplicates: bool) -> Result:
        status = answer.status_code
        said = f"The webhook answered {status} {answer.reason}"
        if 200 <= status < 300:
            return Published(at=self._clock(), url=answer.headers.get("Location"))
        if 300 <= status < 400:
            return Refused(reason=f"{said}: it wants to send the post elsewhere. Connect the address it names instead.")
        if status in TRY_AGAIN_STATUSES or (status in UNCLEAR_STATUSES and deduplicates):
            return Later(reason=f"{said}.", retry_after=_retry_after(answer))
        if status in UNCLEAR_STATUSES:
            return Unconfirmed(reason=f"{said}: it may have the post or not. Look there, then decide.")
        return Refused(reason=f"{said}. Check its address and secret, then retry.")


def network(parts: Parts) -> WebhookNetwork:
    """Return this network."""
    return WebhookNetwork(parts.clock)


def _body(outgoing: Outgoing) -> str:
    members = {
        "id": outgoing.occurrence_key,
        "post_id": outgoing.post_id,
        "text": outgoing.text,
        "due_at": utc_text(outgoing.due_at),
        "media": [_media(attachment) for attachment in outgoing.media],
    }
    return json.dumps(members, ensure_ascii=False)


def _media(attachment: Attachment) -> dict[str, str]:
    return {
        "content_type": attachment.content_type,
        "alt": attachment.alt,
        "sha256": reference_of(attachment.content),
        "data": base64.b64encode(attachment.content).decode(),
    }


def _not_answered(error: requests.RequestException, *, deduplicates: bool) -> Result:
    """Tell an attempt that surely did not arrive from one that may have."""
    if isinstance(error, requests.exceptions.SSLError):
        return Later(reason="The webhook's certificate is not valid, so nothing was sent.")
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return Later(reason="The webhook could not be reached.")
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader)):
        return Refused(reason="The webhook's address is not valid. Connect it again.")
    what = "did not answer in time" if isinstance(error, requests.Timeout) else "broke the connection off"
    if deduplicates:
        return Later(reason=f"The webhook {what}.")
    return Unconfirmed(reason=f"The webhook {what}: it may have the post or not. Look there, then decide.")


def _never_connected(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), (NewConnectionError, NameResolutionError))


def _retry_after(answer: requests.Response) -> timedelta | None:
    seconds = answer.headers.get("Retry-After", "")
    return timedelta(seconds=int(seconds)) if seconds.isdigit() else None
