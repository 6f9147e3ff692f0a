"""X, with the four keys of an app of one's own (OAuth 1.0a: they do not run out, and nothing has to be renewed).

X refuses a text that it published a moment ago, but says so of an older post as well and gives no link, so an unclear
outcome waits for a person. Each post is paid for: USD 0.015, 0.20 with a link, and 0.005 for each picture's description
(doc, November 2026). tweepy calls without a timeout, so plain requests are used.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from core.accounts.port import Account
from core.publishing.account_form import entered_secret
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import Fault, Line
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
)
from core.publishing.networks.x.oauth1 import OAuth1Keys, OAuth1Signer
from core.publishing.networks.x.pictures import LIMITS, XPictureUploads
from core.publishing.networks.x.video import VIDEO_BYTES, XVideoUpload
from core.publishing.networks.x.weighted_length import weighted_length
from core.publishing.outcomes import Sorting, asked, problem, wait_for_a_person
from core.time.instants import Clock

API = "https://api.x.com"
LIMIT = 280
UPLOADING_SECONDS = 15.0
"""For the pictures or the video of a post. The claim's lease has not begun by then, but the relay waits."""
KEYS = {
    "key": "API key",
    "key_secret": "API key secret",
    "token": "access token",
    "token_secret": "access token secret",
}


class XNetwork:
    """Publishes posts in the name of the account that the access token belongs to."""

    label = "X"
    fields = tuple(
        Field(name=name, label=label[0].upper() + label[1:], help="Under Keys and tokens in X's console", secret=True)
        for name, label in KEYS.items()
    )

    def __init__(self, clock: Clock, *, api: str = API, sleep: Callable[[float], None] = time.sleep) -> None:
        self._clock = clock
        self._api = api
        self._pictures = XPictureUploads(self.label, clock, api=api)
        self._videos = XVideoUpload(self.label, clock, api=api, sleep=sleep)
        self._sorting = Sorting(name=self.label, clock=clock, unclear=wait_for_a_person)

    def connect(self, answers: Mapping[str, str]) -> Account:
        credentials = {name: SecretStr(entered_secret(answers, name, label)) for name, label in KEYS.items()}
        user = self._who(credentials)
        return Account(
            destination=f"x:{user['username'].lower()}",
            label=f"@{user['username']} (X)",
            identity=str(user.get("id")),
            credentials=credentials,
        )

    def check(self, account: Account) -> str | None:
        return problem(lambda: self._who(account.credentials))

    def measure(self, text: str, account: Account) -> Length:
        return Length(count=weighted_length(text), limit=LIMIT)

    def media_limits(self, account: Account) -> MediaLimits:
        return MediaLimits(pictures=LIMITS, video_bytes=VIDEO_BYTES)

    def prepare(self, outgoing: Outgoing) -> dict[str, Any] | None:
        credentials = outgoing.account.credentials
        line, sign = self._line(credentials, UPLOADING_SECONDS), self._signature(credentials)
        if outgoing.video:
            return {"media": [self._videos.upload(line, sign, outgoing.video, outgoing.upload)]}
        return {"media": self._pictures.upload(line, sign, outgoing.media)} if outgoing.media else None

    def publish(self, outgoing: Outgoing) -> Result:
        media: list[str] = (outgoing.prepared or {})["media"] if outgoing.media else []
        result = self._posted(outgoing, media)
        return replace(result, upload=media[0]) if isinstance(result, Later) and outgoing.video else result

    def _posted(self, outgoing: Outgoing, media: list[str]) -> Result:
        credentials = outgoing.account.credentials
        line, sign = self._line(credentials), self._signature(credentials)
        content: dict[str, Any] = {"text": outgoing.text} if outgoing.text else {}
        if media:
            content["media"] = {"media_ids": media}
        if outgoing.earlier:
            content["reply"] = {"in_reply_to_tweet_id": outgoing.earlier[-1]["id"]}
        try:
            answer = line.post(f"{self._api}/2/tweets", content, sign=sign)
        except Fault as fault:
            return self._sorting.fault(fault)
        if answer.status == 403 and "duplicate" in answer.words.lower():
            return Refused(reason="X has published this very text before, by an earlier attempt or otherwise.")
        if not answer.ok:
            return self._sorting.answer(answer)
        number = answer.member("data", "id")
        if answer.whole and number is None:
            return self._sorting.odd()
        name = outgoing.account.destination.partition(":")[2]
        if not number:
            return Published(at=self._clock())
        return Published(at=self._clock(), url=f"https://x.com/{name}/status/{number}", reference={"id": str(number)})

    def _who(self, credentials: Mapping[str, SecretStr]) -> dict[str, Any]:
        """Return the user whom the keys belong to. Raises CannotConnect."""
        line, sign = self._line(credentials), self._signature(credentials)
        user = asked(lambda: line.get(f"{self._api}/2/users/me", sign=sign), self.label).member("data")
        if not isinstance(user, dict) or not str(user.get("username", "")).isidentifier():
            raise CannotConnect("X did not say whose keys these are.", "Check that the app may read and write.")
        return user

    def _signature(self, credentials: Mapping[str, SecretStr]) -> OAuth1Signer:
        return OAuth1Signer(OAuth1Keys(**{name: credentials[name].get_secret_value() for name in KEYS}), self._clock)

    def _line(self, credentials: Mapping[str, SecretStr], seconds: float = DEADLINE_SECONDS) -> Line:
        return Line(self.label, secrets=[secret.get_secret_value() for secret in credentials.values()], seconds=seconds)


def network(parts: Parts) -> XNetwork:
    """Return this network."""
    return XNetwork(parts.clock)
