"""Bluesky, on any personal data server, exactly once.

`prepare` makes the record and its key, and the fence stores those of the first attempt with the claim. Each attempt
puts that record under that key, on condition that the key is free (`swapRecord: null`). A repeat of the same record
changes nothing, and the server rejects another record with InvalidSwap. In either case there is one post (tested with
@atproto/pds 0.5.35, 32 requests at once). The atproto client omits the null, so its request would overwrite the record;
therefore this module writes the JSON itself.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from core.accounts.port import Account
from core.errors import PunctualError
from core.posts.models import graphemes
from core.publishing.account_form import parse_secret, parse_server
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import DEADLINE_SECONDS, HttpClient, RequestError, Response
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
    RetryLater,
    TextLength,
    ThreadForm,
    Unconfirmed,
)
from core.publishing.networks.bluesky.facets import mentioned_handles, rich_text
from core.publishing.networks.bluesky.media import CARD_PICTURE, BlueskyUploads, media_limits, read_limits
from core.publishing.networks.bluesky.options import OPTIONS, REPLY_RULES_COLLECTION, post_members, reply_rules
from core.publishing.networks.bluesky.pds import Login, LoginRefused, PdsClient, PdsSession
from core.publishing.networks.bluesky.record_key import new_record_key
from core.publishing.networks.bluesky.short_links import shown_text
from core.publishing.profile import Profile, as_text
from core.publishing.result_classifier import (
    RECONNECT,
    ResultClassifier,
    failure_text,
    posting_permission,
    retry_deduplicated,
)
from core.publishing.transfer_time import upload_seconds
from core.publishing.upload_memory import UploadMemory
from core.time.instants import Clock, from_utc_text, utc_text

ENTRYWAY = "https://bsky.social"
COLLECTION = "app.bsky.feed.post"
PROFILE = "app.bsky.actor.profile"
MAX_GRAPHEMES, MAX_BYTES = 300, 3000
"""maxGraphemes and maxLength of the text in app.bsky.feed.post; both apply."""
RESOLVING_SECONDS = 10.0
"""Time limit for resolving all mentions of a post. It happens before the claim, outside its lease."""
HANDLE = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_SET_IN_APP = "Set in Bluesky's app who may reply, then confirm the post here."


class UnresolvedHandle(PunctualError):
    """The DID of a mentioned handle could not be queried."""

    hint = "Punctual tries again."

    def __init__(self, handle: str, reason: str) -> None:
        super().__init__(f"@{handle} could not be resolved: {reason}")


class BlueskyNetwork:
    """Publishes to the repository of an account, from which the app shows the post."""

    label = "Bluesky"
    threads: ThreadForm | None = "replies"
    options = OPTIONS
    card_picture = CARD_PICTURE
    post_link = None
    fields = (
        FormField(name="handle", label="Handle", help="For example ada.bsky.social"),
        FormField(
            name="password",
            label="App password",
            help="From Settings, Privacy and security, App passwords; not your login password",
            secret=True,
        ),
        FormField(
            name="server",
            label="Server",
            help="Only if your account is on an independent server; leave it empty for Bluesky's",
            required=False,
        ),
    )

    def __init__(self, clock: Clock, *, entryway: str = ENTRYWAY, uploads: UploadStore | None = None) -> None:
        self._clock = clock
        self._entryway = entryway
        self._sessions: dict[Login, PdsSession] = {}
        self._uploads = UploadMemory(clock, uploads)
        self._classifier = ResultClassifier(name=self.label, clock=clock, ambiguous=retry_deduplicated)

    def connect(self, form: Mapping[str, str]) -> Account:
        handle = form.get("handle", "").strip().lstrip("@").lower()
        if not HANDLE.fullmatch(handle):
            raise CannotConnect(f"{handle!r} is not a handle.", "Enter the full handle, for example ada.bsky.social.")
        account = Account(
            destination=f"bluesky:{handle}",
            label=f"@{handle} (Bluesky)",
            address=parse_server(form.get("server", "") or self._entryway),
            deduplicates=True,
            credentials={"password": SecretStr(parse_secret(form, "password", "app password"))},
        )
        return account.model_copy(update={"identity": self._log_in(account).did, "limits": self._limits(account)})

    def check(self, account: Account) -> PostingPermission:
        return posting_permission(lambda: self._log_in(account))

    def profile(self, account: Account) -> Profile:
        """Return the profile in the account's repository, which has its name, and the file of its avatar."""
        client = self._client(account)
        address = {"repo": account.identity or "", "collection": PROFILE, "rkey": "self"}
        try:
            server, response = client.server, client.query("com.atproto.repo.getRecord", address)
        except RequestError as error:
            raise CannotConnect(str(error), error.hint) from None
        if not response.ok and response.json_object.get("error") != "RecordNotFound":
            raise CannotConnect(failure_text(self.label, response), "Try again in a few minutes.")
        avatar = as_text(response.json_value("value", "avatar", "ref", "$link"))
        file = urlencode({"did": account.identity or "", "cid": avatar})
        return Profile(
            name=as_text(response.json_value("value", "displayName")),
            handle=account.destination.partition(":")[2],
            avatar_url=f"{server}/xrpc/com.atproto.sync.getBlob?{file}" if avatar else "",
        )

    def measure(self, text: str, account: Account) -> TextLength:
        shown = shown_text(text)
        characters, size = graphemes(shown), len(shown.encode())
        if size * MAX_GRAPHEMES > characters * MAX_BYTES:
            return TextLength(count=size, limit=MAX_BYTES, unit="bytes")
        return TextLength(count=characters, limit=MAX_GRAPHEMES)

    def media_limits(self, account: Account) -> MediaLimits:
        return media_limits(account.limits)

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        account, now, values = publication.account, self._clock(), publication.options
        text, found = rich_text(publication.text, self._resolve_mentions(publication).get)
        record: dict[str, Any] = {"$type": COLLECTION, "text": text, "createdAt": utc_text(now)}
        record |= post_members(values)
        if found:
            record["facets"] = found
        if publication.media or publication.card:
            record["embed"] = self._embed(publication)
        if publication.earlier_references:
            record["reply"] = {"root": publication.earlier_references[0], "parent": publication.earlier_references[-1]}
        prepared = {"did": account.identity, "key": new_record_key(now), "record": record}
        rules = reply_rules(values, f"at://{account.identity}/{COLLECTION}/{prepared['key']}", utc_text(now))
        return prepared | ({"reply_rules": rules} if rules and not publication.earlier_references else {})

    def upload(self, publication: Publication) -> None:
        self._embed(publication)

    def publish(self, publication: Publication) -> NetworkResult:
        """Put the record and, after it, the rule of who may reply, under the same key.

        Each attempt puts both, so a repeat completes what an earlier attempt left out.
        """
        prepared, client = publication.prepared, self._client(publication.account)
        if prepared is None:
            return Refused(reason=f"The post was not prepared for Bluesky. {RECONNECT}")
        result = self._publish_post(client, publication, prepared)
        if isinstance(result, Published) and "reply_rules" in prepared:
            return self._restrict_replies(client, prepared, result)
        return result

    def _publish_post(self, client: PdsClient, publication: Publication, prepared: dict[str, Any]) -> NetworkResult:
        content = {**_record_address(prepared), "record": prepared["record"], "swapRecord": None}
        try:
            response = client.call("com.atproto.repo.putRecord", content)
            if response.json_object.get("error") == "InvalidSwap":
                return self._result_of_existing_record(client, prepared)
        except RequestError as error:
            return self._classifier.from_error(error)
        if not response.ok:
            self._uploads.forget(publication)
            return self._classifier.from_response(response)
        if "uri" not in response.json_object:
            return self._classifier.from_incomplete()
        return _published(response, prepared, self._clock())

    def _restrict_replies(self, client: PdsClient, prepared: dict[str, Any], published: Published) -> NetworkResult:
        """Put the rule of who may reply. If Bluesky refuses it, a person decides, because the post is published."""
        address = {"repo": prepared["did"], "collection": REPLY_RULES_COLLECTION, "rkey": prepared["key"]}
        content = {**address, "record": prepared["reply_rules"], "swapRecord": None}
        try:
            response = client.call("com.atproto.repo.putRecord", content)
        except RequestError as error:
            return retry_deduplicated(str(error))
        if response.ok or response.json_object.get("error") == "InvalidSwap":  # an earlier attempt has put the rule
            return published
        failed = self._classifier.from_response(response)
        if isinstance(failed, Refused):
            return Unconfirmed(reason=f"The post is out, but everybody may reply. {failed.reason} {_SET_IN_APP}")
        return replace(failed, in_doubt=True) if isinstance(failed, RetryLater) else failed

    def _embed(self, publication: Publication) -> dict[str, Any]:
        """Upload the media or the card's picture; return the record's embed. Raises the errors of BlueskyUploads."""
        client = self._client(publication.account, upload_seconds(publication.uploads))
        official = self._is_official(publication.account)
        return BlueskyUploads(self.label, client, self._uploads, official=official).embed(publication)

    def _result_of_existing_record(self, client: PdsClient, prepared: dict[str, Any]) -> NetworkResult:
        """Return the result of an attempt whose key is taken, normally by an earlier attempt. Raises RequestError."""
        response = client.query("com.atproto.repo.getRecord", _record_address(prepared))
        if not response.ok or not response.complete:
            return retry_deduplicated(failure_text(self.label, response))
        record = response.json_object.get("value")
        if isinstance(record, dict) and record.get("text") == prepared["record"]["text"]:
            return _published(response, prepared, from_utc_text(prepared["record"]["createdAt"]))
        return Refused(reason="Another post has the record key of this one. Duplicate the post to publish it.")

    def _log_in(self, account: Account) -> PdsSession:
        """Start a new session, because an old one outlives a revoked app password. Raises CannotConnect."""
        try:
            session = self._client(account).log_in()
        except LoginRefused as error:
            hint = "Check the handle, and create a new app password."
            raise CannotConnect(failure_text(self.label, error.response), hint) from None
        except RequestError as error:
            raise CannotConnect(str(error), error.hint) from None
        if not session.active:
            raise CannotConnect("The account is deactivated or suspended.", "Log in to Bluesky for the details.")
        return session

    def _limits(self, account: Account) -> dict[str, int]:
        """Return the limits that the account's server names; empty if it does not respond."""
        try:
            return read_limits(self._client(account).query("com.atproto.server.describeServer", {}))
        except RequestError:
            return {}

    def _client(self, account: Account, seconds: float = DEADLINE_SECONDS) -> PdsClient:
        password = account.credentials["password"].get_secret_value()
        login = Login(
            server=account.address or self._entryway,
            identifier=account.identity or account.destination.partition(":")[2],
            password=password,
            follow=self._is_official(account),
        )
        return PdsClient(HttpClient(self.label, secrets=[password], seconds=seconds), login, self._sessions)

    def _is_official(self, account: Account) -> bool:
        return (account.address or self._entryway) == self._entryway

    def _resolve_mentions(self, publication: Publication) -> dict[str, str]:
        """Return the DIDs of the mentioned handles that resolve. Raises UnresolvedHandle if a query fails."""
        client = self._client(publication.account, RESOLVING_SECONDS)
        dids: dict[str, str] = {}
        for handle in mentioned_handles(publication.text):
            try:
                response = client.query("com.atproto.identity.resolveHandle", {"handle": handle})
            except RequestError as error:
                raise UnresolvedHandle(handle, str(error)) from None
            if response.status == 429 or response.status >= 500 or not response.complete:
                raise UnresolvedHandle(handle, f"Bluesky answered {response.status}.")
            if response.ok and str(response.json_object.get("did", "")).startswith("did:"):
                dids[handle] = response.json_object["did"]
        return dids


def network(dependencies: NetworkDependencies) -> BlueskyNetwork:
    """Return the network for the registry."""
    return BlueskyNetwork(dependencies.clock, uploads=dependencies.uploads)


def _record_address(prepared: dict[str, Any]) -> dict[str, str]:
    return {"repo": prepared["did"], "collection": COLLECTION, "rkey": prepared["key"]}


def _published(response: Response, prepared: dict[str, Any], at: datetime) -> Published:
    uri, cid = response.json_object.get("uri"), response.json_object.get("cid")
    reference = {"uri": uri, "cid": cid} if uri and cid else None
    url = f"https://bsky.app/profile/{prepared['did']}/post/{prepared['key']}"
    return Published(at=at, url=url, reference=reference)
