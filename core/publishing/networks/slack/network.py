"""Slack, through an incoming webhook.

It cannot recognise a repeat and returns neither an id nor a permalink, so an unclear outcome waits for a person.
`&`, `<` and `>` are escaped as Slack asks, so that no text turns into a command such as `<!channel>`; `*bold*` and the
like are the network's own writing and are left as they are.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from core.accounts.port import Account
from core.publishing.account_form import parse_account_name, parse_secret
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
from core.publishing.outcomes import RECONNECT, ResultClassifier, error_text, mark_unconfirmed
from core.time.instants import Clock

HOOKS = "https://hooks.slack.com"
LIMIT = 4000
"""Slack breaks what is longer into several messages, anywhere (slackapi/java-slack-sdk issue 704: by the server), and
cuts it at 40,000 (doc: Truncating really long messages). Code points: any 4,000 are at most 16 kB (doc: Rate limits).
Whether an escaped character counts as one is nowhere said; it is counted as it is sent, which is stricter."""
WEBHOOK = re.compile(r"https://hooks\.slack\.com/services/(\w+/\w+/\w+)/?")
NOTHING_TO_POST = frozenset({"no_text", "missing_text_or_fallback_or_attachments", "invalid_payload"})
"""What a webhook that works says of an empty message; one that does not complains about itself first."""
GONE = frozenset({"no_service", "no_service_id", "no_team", "invalid_token", "team_disabled", "token_revoked"})


class SlackNetwork:
    """Publishes messages into the channel that a webhook was made for."""

    label = "Slack"
    fields = (
        FormField(name="name", label="Name", help="How it is called in Punctual, for example: team"),
        FormField(
            name="address",
            label="Webhook URL",
            help="Of a Slack app with incoming webhooks: https://hooks.slack.com/services/...",
            secret=True,
        ),
    )

    def __init__(self, clock: Clock, *, hooks: str = HOOKS) -> None:
        self._clock = clock
        self._hooks = hooks
        self._classifier = ResultClassifier(name=self.label, clock=clock, ambiguous=mark_unconfirmed)

    def connect(self, answers: Mapping[str, str]) -> Account:
        name = parse_account_name(answers)
        found = WEBHOOK.fullmatch(parse_secret(answers, "address", "webhook URL"))
        if not found:
            raise CannotConnect("This is not the address of a Slack webhook.", "Copy it whole, from the app's page.")
        account = Account(
            destination=f"slack:{name}",
            label=f"{name} (Slack)",
            credentials={"webhook": SecretStr(found[1])},
        )
        self._look(account)
        return account

    def check(self, account: Account) -> str | None:
        return error_text(lambda: self._look(account))

    def measure(self, text: str, account: Account) -> TextLength:
        return TextLength(count=len(escaped(text)), limit=LIMIT)

    def media_limits(self, account: Account) -> MediaLimits:
        return MediaLimits()

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return None

    def publish(self, publication: Publication) -> NetworkResult:
        try:
            answer = self._post(publication.account, escaped(publication.text))
        except RequestError as fault:
            return self._classifier.from_error(fault)
        if answer.message in GONE:
            return Refused(reason=f"Slack answered: {answer.message}. {RECONNECT}")
        if not answer.ok:
            return self._classifier.from_response(answer)
        if answer.complete and answer.body.strip() != b"ok":
            return self._classifier.from_incomplete()
        return Published(at=self._clock())

    def _look(self, account: Account) -> None:
        """Send a message without a text, which Slack never posts. Raises CannotConnect."""
        try:
            answer = self._post(account, "")
        except RequestError as fault:
            raise CannotConnect(str(fault), fault.hint) from None
        if answer.message not in NOTHING_TO_POST:
            said = f"Slack answered {answer.status}: {answer.message}."
            raise CannotConnect(said, "Make a new webhook and connect that.")

    def _post(self, account: Account, text: str) -> Response:
        webhook = account.credentials["webhook"].get_secret_value()
        line = HttpClient(self.label, secrets=[webhook, webhook.rpartition("/")[2]])
        return line.post_json(f"{self._hooks}/services/{webhook}", {"text": text})


def network(parts: NetworkDependencies) -> SlackNetwork:
    """Return this network."""
    return SlackNetwork(parts.clock)


def escaped(text: str) -> str:
    """Return a text as Slack wants it written; bare links in it become links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
