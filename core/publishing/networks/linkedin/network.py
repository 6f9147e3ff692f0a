"""LinkedIn, in a member's own name, through the Posts API.

LinkedIn refuses a text that was published a moment ago, but says so of older posts as well, so an unclear outcome
waits for a person. A text is written in LinkedIn's "little text": an unescaped reserved character cuts the post off
without a word. Access tokens run out after 60 days; there is no well-kept client for Python.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import regex
from pydantic import SecretStr

from core.accounts.port import Account
from core.publishing.account_form import entered_secret
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import Answer, Fault, Line, bearer
from core.publishing.network import (
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
from core.publishing.networks.linkedin.images import LIMITS, LinkedInImageUploads
from core.publishing.networks.linkedin.video import LEAST_VIDEO_BYTES, VIDEO_BYTES, LinkedInVideoUpload
from core.publishing.outcomes import Sorting, asked, do_it_again, problem, wait_for_a_person
from core.time.instants import Clock

API = "https://api.linkedin.com"
VERSION = "202609"
"""LinkedIn keeps each month's version for about a year, then answers 426."""
LIMIT = 3000
"""The documents name none; LinkedIn's refusals name 3,000 (n8n-io/n8n issue 22899), some of 2026 name 4,000. They come
from Java, so UTF-16 units; whether escapes count is nowhere said: they are counted, which is the stricter reading."""
UPLOADING_SECONDS = 15.0
"""For the pictures or the video of a post. The claim's lease has not begun by then, but the relay waits."""
_TAG_OR_RESERVED = regex.compile(
    r"(?<![^\s(])[#＃](?P<tag>\p{N}*+\p{L}[\p{L}\p{N}\p{M}]*+)|(?P<reserved>[\\|{}@\[\]()<>#*_~])"
)


class LinkedInSorting(Sorting):
    """Sorting that also knows the answer to a version of the API which is no longer spoken."""

    def answer(self, answer: Answer) -> Result:
        if answer.status != 426:
            return super().answer(answer)
        return Refused(reason=f"LinkedIn no longer speaks version {VERSION} of its API. Update Punctual, then retry.")


class LinkedInNetwork:
    """Publishes posts that everybody may see."""

    label = "LinkedIn"
    fields = (
        Field(
            name="token",
            label="Access token",
            help="With the scopes openid, profile and w_member_social; LinkedIn's token generator makes one",
            secret=True,
        ),
    )

    def __init__(self, clock: Clock, *, api: str = API, sleep: Callable[[float], None] = time.sleep) -> None:
        self._clock = clock
        self._api = api
        self._sorting = LinkedInSorting(name=self.label, clock=clock, unclear=wait_for_a_person)
        uploading = LinkedInSorting(name=self.label, clock=clock, unclear=do_it_again)
        self._images = LinkedInImageUploads(uploading, api=api)
        self._videos = LinkedInVideoUpload(uploading, api=api, sleep=sleep)

    def connect(self, answers: Mapping[str, str]) -> Account:
        token = entered_secret(answers, "token", "access token")
        member = self._who(token)
        return Account(
            destination=f"linkedin:{member['sub']}",
            label=f"{member.get('name') or member['sub']} (LinkedIn)",
            identity=f"urn:li:person:{member['sub']}",
            credentials={"token": SecretStr(token)},
        )

    def check(self, account: Account) -> str | None:
        return problem(lambda: self._who(_token(account)))

    def measure(self, text: str, account: Account) -> Length:
        return Length(count=len(little_text(text).encode("utf-16-le")) // 2, limit=LIMIT)

    def media_limits(self, account: Account) -> MediaLimits:
        return MediaLimits(pictures=LIMITS, video_bytes=VIDEO_BYTES, least_video_bytes=LEAST_VIDEO_BYTES)

    def prepare(self, outgoing: Outgoing) -> dict[str, Any] | None:
        token, owner = _token(outgoing.account), outgoing.account.identity
        line = Line(self.label, secrets=[token], seconds=UPLOADING_SECONDS)
        if outgoing.video:
            urn = self._videos.upload(line, owner, _headers(token), outgoing.video, outgoing.upload)
            return {"content": {"media": {"id": urn}}}
        if outgoing.media:
            return {"content": self._images.content(line, owner, _headers(token), outgoing.media)}
        return None

    def publish(self, outgoing: Outgoing) -> Result:
        shown = {"content": (outgoing.prepared or {})["content"]} if outgoing.media else {}
        result = self._posted(_token(outgoing.account), _post(outgoing) | shown)
        if isinstance(result, Later) and outgoing.video:
            return replace(result, upload=shown["content"]["media"]["id"])
        return result

    def _posted(self, token: str, content: dict[str, Any]) -> Result:
        line = Line(self.label, secrets=[token])
        try:
            answer = line.post(f"{self._api}/rest/posts", content, headers=_headers(token))
        except Fault as fault:
            return self._sorting.fault(fault)
        if answer.status == 422 and "duplicate" in answer.words.lower():
            return Refused(reason="LinkedIn has published this very text before, by an earlier attempt or otherwise.")
        if not answer.ok:
            return self._sorting.answer(answer)
        post = answer.headers.get("x-restli-id", "")
        if not regex.fullmatch(r"urn:li:\w+:\d+", post):
            return self._sorting.odd()
        return Published(at=self._clock(), url=f"https://www.linkedin.com/feed/update/{post}/")

    def _who(self, token: str) -> dict[str, Any]:
        """Return the member whom the token belongs to. Raises CannotConnect."""
        line = Line(self.label, secrets=[token])
        member = asked(lambda: line.get(f"{self._api}/v2/userinfo", headers=bearer(token)), self.label).members
        if not regex.fullmatch(r"[\w-]+", str(member.get("sub", ""))):
            raise CannotConnect("LinkedIn did not say whose token this is.", "It needs the scopes openid and profile.")
        return member


def network(parts: Parts) -> LinkedInNetwork:
    """Return this network."""
    return LinkedInNetwork(parts.clock)


def little_text(text: str) -> str:
    r"""Return a text as LinkedIn wants it written: reserved characters escaped, `#tag` as `{hashtag|\#|tag}`."""
    return _TAG_OR_RESERVED.sub(
        lambda match: f"{{hashtag|\\#|{match['tag']}}}" if match["tag"] else f"\\{match['reserved']}", text
    )


def _post(outgoing: Outgoing) -> dict[str, Any]:
    return {
        "author": outgoing.account.identity,
        "commentary": little_text(outgoing.text),
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }


def _headers(token: str) -> dict[str, str]:
    return bearer(token) | {"LinkedIn-Version": VERSION, "X-Restli-Protocol-Version": "2.0.0"}


def _token(account: Account) -> str:
    return account.credentials["token"].get_secret_value()
