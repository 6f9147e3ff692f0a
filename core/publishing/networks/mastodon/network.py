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
from core.publishing.account_form import entered_secret, entered_server, is_allowed
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import Answer, Fault, Line, bearer
from core.publishing.links import links
from core.publishing.network import CannotConnect, Field, Length, Outgoing, Parts, Published, Refused, Result
from core.publishing.networks.mastodon.media import MastodonUploads, attached, limits_told, media_limits
from core.publishing.outcomes import AGAIN, Sorting, asked, problem, try_again, wait_for_a_person
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
        Field(name="server", label="Server", help="For example mastodon.social"),
        Field(
            name="token",
            label="Access token",
            help="Preferences, Development: a new application with the scopes read, write:statuses and write:media",
            secret=True,
        ),
    )

    def __init__(self, clock: Clock, *, settle_seconds: float = SETTLE_SECONDS) -> None:
        self._clock = clock
        self._settle_seconds = settle_seconds
        self._sorting = Sorting(name=self.label, clock=clock, unclear=try_again)
        self._uploads = MastodonUploads(self.label, clock)

    def connect(self, answers: Mapping[str, str]) -> Account:
        server = entered_server(answers.get("server", ""))
        token = entered_secret(answers, "token", "access token")
        line = Line(self.label, secrets=[token])
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
        return problem(lambda: _who(Line(self.label, secrets=[token]), account.address or "", token))

    def measure(self, text: str, account: Account) -> Length:
        limits = DEFAULT_LIMITS | account.limits
        return Length(count=countable(text, limits["url"]), limit=limits["characters"])

    def media_limits(self, account: Account) -> MediaLimits:
        return media_limits(account.limits)

    def prepare(self, outgoing: Outgoing) -> dict[str, Any] | None:
        return {"since": utc_text(self._clock())}

    def publish(self, outgoing: Outgoing) -> Result:
        account, token = outgoing.account, _token(outgoing.account)
        if outgoing.prepared is None or account.identity is None or not is_allowed(account.address or ""):
            return Refused(reason=f"The account is not whole. {AGAIN}")
        line = Line(self.label, secrets=[token])
        headers = bearer(token) | {"Idempotency-Key": _key(outgoing)}
        try:
            if outgoing.attempt > 1:
                earlier = self._look(line, outgoing) or self._look_again(line, outgoing)
                if earlier is not None:
                    return earlier
            media = self._uploads.upload(line, account.address or "", bearer(token), outgoing.media)
            if not isinstance(media, list):
                return media
            content = {"status": outgoing.text, **({"media_ids": media} if media else {}), **_reply(outgoing)}
            answer = line.post(f"{account.address}/api/v1/statuses", content, headers=headers)
        except Fault as fault:
            return self._sorting.fault(fault)
        if not answer.ok:
            return self._sorting.answer(answer)
        return _published(answer.members, self._clock()) if "id" in answer.members else self._sorting.odd()

    def _look_again(self, line: Line, outgoing: Outgoing) -> Result | None:
        time.sleep(self._settle_seconds)
        return self._look(line, outgoing)

    def _look(self, line: Line, outgoing: Outgoing) -> Result | None:
        """Return what became of an earlier attempt; None where the network has no such status. Raises Fault."""
        account, headers = outgoing.account, bearer(_token(outgoing.account))
        answer = _latest(line, account.address or "", account.identity or "", headers)
        if not answer.ok:
            return self._not_seen(answer)
        if not answer.whole or not isinstance(answer.content, list):
            return self._sorting.odd()
        since = from_utc_text((outgoing.prepared or {})["since"]) - SKEW
        new = [status for status in answer.content if isinstance(status, dict) and _is_new(status, since)]
        for status in new:
            source = line.get(f"{account.address}/api/v1/statuses/{status.get('id')}/source", headers=headers)
            if not source.ok:
                return self._not_seen(source)
            if "text" not in source.members:
                return wait_for_a_person("Mastodon has a new status that cannot be compared with this post.")
            alike = _comparable(str(source.members["text"])) == _comparable(outgoing.text)
            if not alike or attached(status) != len(outgoing.media):
                continue
            if not outgoing.text.strip():
                return wait_for_a_person("Mastodon has a new status of pictures alone, which may be this one.")
            return _published(status, _created(status) or self._clock())
        if len(new) >= LISTED:
            return wait_for_a_person("The account has more new statuses than can be looked through for this one.")
        return None

    def _not_seen(self, answer: Answer) -> Result:
        """Sort an answer that keeps us from looking: it says nothing about the earlier attempt."""
        result = self._sorting.answer(answer)
        return wait_for_a_person(result.reason) if isinstance(result, Refused) else result


def network(parts: Parts) -> MastodonNetwork:
    """Return this network."""
    return MastodonNetwork(parts.clock)


def countable(text: str, url_length: int) -> int:
    """Count as Mastodon does: graphemes, each link as `url_length`, a mention without the server behind it."""
    counted, last = 0, 0
    for link in links(text):
        if link.public and text.startswith(link.url, link.start):
            counted += graphemes(_REMOTE_MENTION.sub(r"\1", text[last : link.start])) + url_length
            last = link.end
    return counted + graphemes(_REMOTE_MENTION.sub(r"\1", text[last:]))


def _who(line: Line, server: str, token: str) -> dict[str, Any]:
    """Return the account behind a token that may also read statuses, to look for them. Raises CannotConnect."""
    headers = bearer(token)
    who = asked(lambda: line.get(f"{server}/api/v1/accounts/verify_credentials", headers=headers), "Mastodon").members
    if not isinstance(who.get("username"), str) or not regex.fullmatch(r"[\w.-]+", who["username"]) or "id" not in who:
        raise CannotConnect("This server does not speak Mastodon's API.", "Check the server's name.")
    asked(lambda: _latest(line, server, str(who["id"]), headers, limit=1), "Mastodon")
    return who


def _latest(line: Line, server: str, identity: str, headers: dict[str, str], *, limit: int = LISTED) -> Answer:
    """Ask for an account's latest statuses. Raises Fault."""
    params = {"limit": str(limit), "exclude_reblogs": "true"}
    return line.get(f"{server}/api/v1/accounts/{identity}/statuses", params=params, headers=headers)


def _limits(line: Line, server: str, token: str) -> dict[str, int]:
    """Return the instance's limits, of its texts Mastodon's own where it does not tell them. Raises CannotConnect."""
    try:
        answer = line.get(f"{server}/api/v2/instance", headers=bearer(token))
    except Fault as fault:
        raise CannotConnect(str(fault), fault.hint) from None
    told = answer.member("configuration", "statuses")
    told = told if isinstance(told, dict) else {}
    found = {"characters": told.get("max_characters"), "url": told.get("characters_reserved_per_url")}
    known = {name: limit for name, limit in found.items() if isinstance(limit, int) and limit > 0}
    return DEFAULT_LIMITS | known | limits_told(answer)


def _token(account: Account) -> str:
    return account.credentials["token"].get_secret_value()


def _key(outgoing: Outgoing) -> str:
    return hashlib.sha256(f"{outgoing.occurrence_key} {outgoing.account.destination}".encode()).hexdigest()


def _reply(outgoing: Outgoing) -> dict[str, str]:
    return {"in_reply_to_id": outgoing.earlier[-1]["id"]} if outgoing.earlier else {}


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
    return url if isinstance(url, str) and is_allowed(url) else None


def _comparable(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
