"""Mastodon, and servers that speak its API (GoToSocial, Akkoma, ...), without posting twice.

Every attempt carries the same Idempotency-Key. Mastodon remembers it for an hour once a status is stored, but two
requests at the same moment may both be stored, and some servers ignore it (GoToSocial: run). So from the second
attempt on, the account's latest statuses are looked through for the same text, again after some seconds, before the
post is sent again. Mastodon.py waits out rate limits by itself, so plain requests are used.
"""

import hashlib
import time
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import regex
from pydantic import SecretStr

from core.accounts.port import Account
from core.posts.models import graphemes
from core.publishing.account_form import is_allowed_url, parse_secret, parse_server
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import HttpClient, RequestError, Response, bearer
from core.publishing.links import find_links
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
from core.publishing.networks.mastodon.media import MastodonUploads, attached, limits_told, media_limits
from core.publishing.outcomes import (
    RECONNECT,
    ResultClassifier,
    error_text,
    mark_unconfirmed,
    require_success,
    retry_deduplicated,
)
from core.time.instants import Clock, from_utc_text, utc_text

DEFAULT_LIMITS = {"characters": 500, "url": 23}
"""Mastodon's own, for servers that do not tell theirs."""
SETTLE_SECONDS = 5.0
"""Between two looks for an earlier attempt: it may be on its way into the server's database."""
LISTED = 40
"""Statuses: the most that Mastodon lists at once (doc)."""
SKEW = timedelta(minutes=5)
"""How far a server's clock may differ from ours: the same text, this long before the first attempt, counts as ours."""
_REMOTE_MENTION = regex.compile(r"(?<![=/\w])(@\w[\w.-]*+)@[\w.-]*\w")


class MastodonNetwork:
    """Publishes with the visibility that the account has set as its own."""

    label = "Mastodon"
    fields = (
        FormField(name="server", label="Server", help="For example mastodon.social"),
        FormField(
            name="token",
            label="Access token",
            help="Preferences, Development: a new application with the scopes read, write:statuses and write:media",
            secret=True,
        ),
    )

    def __init__(self, clock: Clock, *, settle_seconds: float = SETTLE_SECONDS) -> None:
        self._clock = clock
        self._settle_seconds = settle_seconds
        self._classifier = ResultClassifier(name=self.label, clock=clock, ambiguous=retry_deduplicated)
        self._uploads = MastodonUploads(self.label, clock)

    def connect(self, answers: Mapping[str, str]) -> Account:
        server = parse_server(answers.get("server", ""))
        token = parse_secret(answers, "token", "access token")
        line = HttpClient(self.label, secrets=[token])
        who = _who(line, server, token)
        name = f"{who['username']}@{urlsplit(server).netloc}"
        return Account(
            destination=f"mastodon:{name}",
            label=f"@{name} (Mastodon)",
            address=server,
            identity=str(who["id"]),
            limits=_limits(line, server, token),
            deduplicates=True,
            credentials={"token": SecretStr(token)},
        )

    def check(self, account: Account) -> str | None:
        token = _token(account)
        return error_text(lambda: _who(HttpClient(self.label, secrets=[token]), account.address or "", token))

    def measure(self, text: str, account: Account) -> TextLength:
        limits = DEFAULT_LIMITS | account.limits
        return TextLength(count=countable(text, limits["url"]), limit=limits["characters"])

    def media_limits(self, account: Account) -> MediaLimits:
        return media_limits(account.limits)

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return {"since": utc_text(self._clock())}

    def publish(self, publication: Publication) -> NetworkResult:
        account, token = publication.account, _token(publication.account)
        if publication.prepared is None or account.identity is None or not is_allowed_url(account.address or ""):
            return Refused(reason=f"The account is not whole. {RECONNECT}")
        line = HttpClient(self.label, secrets=[token])
        headers = bearer(token) | {"Idempotency-Key": _key(publication)}
        try:
            if publication.attempt > 1:
                earlier = self._look(line, publication) or self._look_again(line, publication)
                if earlier is not None:
                    return earlier
            media = self._uploads.upload(line, account.address or "", bearer(token), publication.media)
            if not isinstance(media, list):
                return media
            content = {"status": publication.text, **({"media_ids": media} if media else {}), **_reply(publication)}
            answer = line.post_json(f"{account.address}/api/v1/statuses", content, headers=headers)
        except RequestError as fault:
            return self._classifier.from_error(fault)
        if not answer.ok:
            return self._classifier.from_response(answer)
        return (
            _published(answer.json_object, self._clock())
            if "id" in answer.json_object
            else self._classifier.from_incomplete()
        )

    def _look_again(self, line: HttpClient, publication: Publication) -> NetworkResult | None:
        time.sleep(self._settle_seconds)
        return self._look(line, publication)

    def _look(self, line: HttpClient, publication: Publication) -> NetworkResult | None:
        """Return what became of an earlier attempt; None where the network has no such status. Raises RequestError."""
        account, headers = publication.account, bearer(_token(publication.account))
        answer = _latest(line, account.address or "", account.identity or "", headers)
        if not answer.ok:
            return self._not_seen(answer)
        if not answer.complete or not isinstance(answer.json, list):
            return self._classifier.from_incomplete()
        since = from_utc_text((publication.prepared or {})["since"]) - SKEW
        new = [status for status in answer.json if isinstance(status, dict) and _is_new(status, since)]
        for status in new:
            source = line.get(f"{account.address}/api/v1/statuses/{status.get('id')}/source", headers=headers)
            if not source.ok:
                return self._not_seen(source)
            if "text" not in source.json_object:
                return mark_unconfirmed("Mastodon has a new status that cannot be compared with this post.")
            alike = _comparable(str(source.json_object["text"])) == _comparable(publication.text)
            if not alike or attached(status) != len(publication.media):
                continue
            if not publication.text.strip():
                return mark_unconfirmed("Mastodon has a new status of pictures alone, which may be this one.")
            return _published(status, _created(status) or self._clock())
        if len(new) >= LISTED:
            return mark_unconfirmed("The account has more new statuses than can be looked through for this one.")
        return None

    def _not_seen(self, answer: Response) -> NetworkResult:
        """Sort an answer that keeps us from looking: it says nothing about the earlier attempt."""
        result = self._classifier.from_response(answer)
        return mark_unconfirmed(result.reason) if isinstance(result, Refused) else result


def network(parts: NetworkDependencies) -> MastodonNetwork:
    """Return this network."""
    return MastodonNetwork(parts.clock)


def countable(text: str, url_length: int) -> int:
    """Count as Mastodon does: graphemes, each link as `url_length`, a mention without the server behind it."""
    counted, last = 0, 0
    for link in find_links(text):
        if link.public and text.startswith(link.url, link.start):
            counted += graphemes(_REMOTE_MENTION.sub(r"\1", text[last : link.start])) + url_length
            last = link.end
    return counted + graphemes(_REMOTE_MENTION.sub(r"\1", text[last:]))


def _who(line: HttpClient, server: str, token: str) -> dict[str, Any]:
    """Return the account behind a token that may also read statuses, to look for them. Raises CannotConnect."""
    headers = bearer(token)
    who = require_success(
        lambda: line.get(f"{server}/api/v1/accounts/verify_credentials", headers=headers), "Mastodon"
    ).json_object
    if not isinstance(who.get("username"), str) or not regex.fullmatch(r"[\w.-]+", who["username"]) or "id" not in who:
        raise CannotConnect("This server does not speak Mastodon's API.", "Check the server's name.")
    require_success(lambda: _latest(line, server, str(who["id"]), headers, limit=1), "Mastodon")
    return who


def _latest(line: HttpClient, server: str, identity: str, headers: dict[str, str], *, limit: int = LISTED) -> Response:
    """Ask for an account's latest statuses. Raises RequestError."""
    params = {"limit": str(limit), "exclude_reblogs": "true"}
    return line.get(f"{server}/api/v1/accounts/{identity}/statuses", params=params, headers=headers)


def _limits(line: HttpClient, server: str, token: str) -> dict[str, int]:
    """Return the instance's limits, of its texts Mastodon's own where it does not tell them. Raises CannotConnect."""
    try:
        answer = line.get(f"{server}/api/v2/instance", headers=bearer(token))
    except RequestError as fault:
        raise CannotConnect(str(fault), fault.hint) from None
    told = answer.json_value("configuration", "statuses")
    told = told if isinstance(told, dict) else {}
    found = {"characters": told.get("max_characters"), "url": told.get("characters_reserved_per_url")}
    known = {name: limit for name, limit in found.items() if isinstance(limit, int) and limit > 0}
    return DEFAULT_LIMITS | known | limits_told(answer)


def _token(account: Account) -> str:
    return account.credentials["token"].get_secret_value()


def _key(publication: Publication) -> str:
    return hashlib.sha256(f"{publication.occurrence_key} {publication.account.destination}".encode()).hexdigest()


def _reply(publication: Publication) -> dict[str, str]:
    return {"in_reply_to_id": publication.earlier_references[-1]["id"]} if publication.earlier_references else {}


def _published(status: dict[str, Any], at: datetime) -> Published:
    return Published(at=at, url=_url(status), reference={"id": str(status.get("id"))})


def _created(status: dict[str, Any]) -> datetime | None:
    try:
        return from_utc_text(str(status.get("created_at")))
    except ValueError:
        return None


def _is_new(status: dict[str, Any], since: datetime) -> bool:
    at = _created(status)
    return at is None or at >= since


def _url(status: dict[str, Any]) -> str | None:
    url = status.get("url") or status.get("uri")
    return url if isinstance(url, str) and is_allowed_url(url) else None


def _comparable(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
