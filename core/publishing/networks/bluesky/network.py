"""Bluesky, on any personal data server, exactly once.

The record's key, its time and the finished record are made before the first attempt and kept with the claim. Each
attempt puts that record under that key on condition that there is none yet (`swapRecord: null`): the same record again
changes nothing, another one is answered with InvalidSwap, and either way there is one post (run against
@atproto/pds 0.5.35, 32 at the same moment). The atproto client drops the null while it builds the request, and the
call then overwrites, so the JSON is written here.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from core.accounts.port import Account
from core.errors import PunctualError
from core.posts.models import graphemes
from core.publishing.account_form import parse_secret, parse_server
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import HttpClient, RequestError, Response
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
from core.publishing.networks.bluesky.facets import facets, mentions
from core.publishing.networks.bluesky.media import BlueskyUploads, limits_told, media_limits
from core.publishing.networks.bluesky.pds import Login, LoginRefused, PdsClient, PdsSession
from core.publishing.outcomes import RECONNECT, ResultClassifier, error_text, retry_deduplicated
from core.time.instants import Clock, from_utc_text, utc_text

ENTRYWAY = "https://bsky.social"
COLLECTION = "app.bsky.feed.post"
GRAPHEMES, BYTES = 300, 3000
"""app.bsky.feed.post: maxGraphemes and maxLength of its text; both hold."""
RESOLVING_SECONDS = 10.0
"""For all mentions of a post; the claim's lease has not begun by then."""
HANDLE = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"


class UnresolvedHandle(PunctualError):
    """Nobody could be asked who a handle is."""

    hint = "It is tried again."

    def __init__(self, handle: str, why: str) -> None:
        super().__init__(f"Who @{handle} is could not be found out: {why}")


class BlueskyNetwork:
    """Publishes to an account's own repository; the app shows it from there."""

    label = "Bluesky"
    fields = (
        FormField(name="handle", label="Handle", help="For example ada.bsky.social"),
        FormField(
            name="password",
            label="App password",
            help="Made under Settings, Privacy and security, App passwords; not the one you log in with",
            secret=True,
        ),
        FormField(
            name="server",
            label="Server",
            help="Only where your account is on a server of its own; empty for Bluesky's",
            required=False,
        ),
    )

    def __init__(self, clock: Clock, *, entryway: str = ENTRYWAY) -> None:
        self._clock = clock
        self._entryway = entryway
        self._sessions = PdsClient()
        self._uploads = BlueskyUploads(self.label, self._sessions)
        self._classifier = ResultClassifier(name=self.label, clock=clock, ambiguous=retry_deduplicated)

    def connect(self, answers: Mapping[str, str]) -> Account:
        handle = answers.get("handle", "").strip().lstrip("@").lower()
        if not HANDLE.fullmatch(handle):
            raise CannotConnect(f"{handle!r} is not a handle.", "Enter it whole, for example ada.bsky.social.")
        account = Account(
            destination=f"bluesky:{handle}",
            label=f"@{handle} (Bluesky)",
            address=parse_server(answers.get("server", "") or self._entryway),
            deduplicates=True,
            credentials={"password": SecretStr(parse_secret(answers, "password", "app password"))},
        )
        told = {"identity": self._log_in(account).did, "limits": self._limits(account)}
        return account.model_copy(update=told)

    def check(self, account: Account) -> str | None:
        return error_text(lambda: self._log_in(account))

    def measure(self, text: str, account: Account) -> TextLength:
        characters, size = graphemes(text), len(text.encode())
        if size * GRAPHEMES > characters * BYTES:
            return TextLength(count=size, limit=BYTES, unit="bytes")
        return TextLength(count=characters, limit=GRAPHEMES)

    def media_limits(self, account: Account) -> MediaLimits:
        return media_limits(account.limits)

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        now = self._clock()
        record: dict[str, Any] = {"$type": COLLECTION, "text": publication.text, "createdAt": utc_text(now)}
        if found := facets(publication.text, self._dids(publication).get):
            record["facets"] = found
        if publication.media:
            record["embed"] = self._uploads.embed(self._login(publication.account), publication.media)
        if publication.earlier_references:
            record["reply"] = {"root": publication.earlier_references[0], "parent": publication.earlier_references[-1]}
        return {"did": publication.account.identity, "key": new_key(now), "record": record}

    def publish(self, publication: Publication) -> NetworkResult:
        prepared, login = publication.prepared, self._login(publication.account)
        if prepared is None:
            return Refused(reason=f"The post was not prepared for Bluesky. {RECONNECT}")
        line = HttpClient(self.label, secrets=[login.password])
        place = {"repo": prepared["did"], "collection": COLLECTION, "rkey": prepared["key"]}
        content = {**place, "record": prepared["record"], "swapRecord": None}
        try:
            answer = self._sessions.call(line, login, "com.atproto.repo.putRecord", content)
            if answer.json_object.get("error") == "InvalidSwap":
                return self._found(line, login, place, prepared)
        except LoginRefused as refusal:
            return self._classifier.from_response(refusal.answer)
        except RequestError as fault:
            return self._classifier.from_error(fault)
        if not answer.ok:
            return self._classifier.from_response(answer)
        return (
            _published(answer, prepared, self._clock())
            if "uri" in answer.json_object
            else self._classifier.from_incomplete()
        )

    def _found(self, line: HttpClient, login: Login, place: dict[str, str], prepared: dict[str, Any]) -> NetworkResult:
        """Tell what lies under the post's key: the post itself, as a rule, as an earlier attempt left it."""
        answer = self._sessions.ask(line, login, "com.atproto.repo.getRecord", place)
        if not answer.ok or not answer.complete:
            return retry_deduplicated(f"Bluesky answered {answer.status}: {answer.message.rstrip('.')}.")
        record = answer.json_object.get("value")
        if isinstance(record, dict) and record.get("text") == prepared["record"]["text"]:
            return _published(answer, prepared, from_utc_text(prepared["record"]["createdAt"]))
        return Refused(reason="Another post has the key that was meant for this one. Duplicate the post to publish it.")

    def _log_in(self, account: Account) -> PdsSession:
        """Log in anew, whatever session is kept: it would outlive a revoked app password. Raises CannotConnect."""
        login = self._login(account)
        try:
            session = self._sessions.begin(HttpClient(self.label, secrets=[login.password]), login)
        except LoginRefused as refusal:
            said = f"Bluesky answered {refusal.answer.status}: {refusal.answer.message.rstrip('.')}."
            raise CannotConnect(said, "Check the handle, and make a new app password.") from None
        except RequestError as fault:
            raise CannotConnect(str(fault), fault.hint) from None
        if not session.active:
            raise CannotConnect("The account is deactivated or suspended.", "Log in at Bluesky and see what it says.")
        return session

    def _limits(self, account: Account) -> dict[str, int]:
        """Return what the account's server says of its limits; one that says nothing can be used all the same."""
        try:
            line, method = HttpClient(self.label), "com.atproto.server.describeServer"
            return limits_told(self._sessions.ask(line, self._login(account), method, {}))
        except RequestError:
            return {}

    def _login(self, account: Account) -> Login:
        server = account.address or self._entryway
        return Login(
            server=server,
            identifier=account.identity or account.destination.partition(":")[2],
            password=account.credentials["password"].get_secret_value(),
            follow=server == self._entryway,
        )

    def _dids(self, publication: Publication) -> dict[str, str]:
        """Return the DIDs of those whom the text mentions; who does not resolve is left out. Raises UnknownMention."""
        line, login = HttpClient(self.label, seconds=RESOLVING_SECONDS), self._login(publication.account)
        found: dict[str, str] = {}
        for handle in mentions(publication.text):
            try:
                answer = self._sessions.ask(line, login, "com.atproto.identity.resolveHandle", {"handle": handle})
            except RequestError as fault:
                raise UnresolvedHandle(handle, str(fault)) from None
            if answer.status == 429 or answer.status >= 500 or not answer.complete:
                raise UnresolvedHandle(handle, f"Bluesky answered {answer.status}.")
            if answer.ok and str(answer.json_object.get("did", "")).startswith("did:"):
                found[handle] = answer.json_object["did"]
        return found


def network(parts: NetworkDependencies) -> BlueskyNetwork:
    """Return this network."""
    return BlueskyNetwork(parts.clock)


def new_key(now: datetime) -> str:
    """Return a record key: a TID, 53 bits of microseconds and 10 of chance, in 13 sortable characters.

    The microseconds within the millisecond are chance as well: posts due at one instant are prepared at one instant.
    """
    microseconds = int(now.timestamp() * 1000) * 1000 + secrets.randbelow(1000)
    number = microseconds << 10 | secrets.randbelow(1 << 10)
    return "".join(_SORTABLE[number >> shift & 31] for shift in range(60, -1, -5))


def _published(answer: Response, prepared: dict[str, Any], at: datetime) -> Published:
    uri, cid = answer.json_object.get("uri"), answer.json_object.get("cid")
    reference = {"uri": uri, "cid": cid} if uri and cid else None
    return Published(at=at, url=_permalink(prepared), reference=reference)


def _permalink(prepared: dict[str, Any]) -> str:
    return f"https://bsky.app/profile/{prepared['did']}/post/{prepared['key']}"
