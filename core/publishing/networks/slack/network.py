"""Slack, through an incoming webhook.

A webhook does not detect a repeat and returns neither an ID nor a permalink, so an ambiguous attempt waits for a
person. `&`, `<` and `>` are escaped as Slack requires, so no text becomes a command such as `<!channel>`. Slack's
formatting, such as `*bold*`, is not escaped.
"""

import re
from collections.abc import Mapping
from typing import Any

from core.accounts.port import Account
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import Response
from core.publishing.incoming_webhook import webhook_account, webhook_client, webhook_fields, webhook_path
from core.publishing.network import (
    CannotConnect,
    NetworkDependencies,
    NetworkResult,
    PostingPermission,
    Publication,
    Published,
    Refused,
    TextLength,
    ThreadForm,
)
from core.publishing.networks.slack.options import OPTIONS
from core.publishing.options import OptionValues
from core.publishing.result_classifier import (
    RECONNECT,
    ResultClassifier,
    failure_text,
    posting_permission,
    require_response,
    unconfirmed_result,
)
from core.publishing.sending import send_post
from core.time.instants import Clock

HOOKS = "https://hooks.slack.com"
TEXT_LIMIT = 4000
"""Code points of the escaped text. Slack splits a longer text into several messages at any place
(slackapi/java-slack-sdk issue 704: by the server) and cuts it at 40,000 (doc: Truncating really long messages). Any
4,000 code points are at most 16 kB (doc: Rate limits). No source says whether an escape counts as one code point, so
all its code points count, which is stricter."""
WEBHOOK_URL = re.compile(r"https://hooks\.slack\.com/services/(\w+/\w+/\w+)/?")
EMPTY_MESSAGE_ERRORS = frozenset({"no_text", "missing_text_or_fallback_or_attachments", "invalid_payload"})
"""Responses of a working webhook to an empty message. A deleted webhook responds with another error,
because Slack checks the webhook first."""
DELETED_WEBHOOK_ERRORS = frozenset(
    {"no_service", "no_service_id", "no_team", "invalid_token", "team_disabled", "token_revoked"}
)
"""Responses of a deleted webhook."""


class SlackClassifier(ResultClassifier):
    """Also recognises a deleted webhook."""

    def from_response(self, response: Response) -> NetworkResult:
        if response.message in DELETED_WEBHOOK_ERRORS:
            return Refused(reason=f"{failure_text(self.name, response)} {RECONNECT}")
        return super().from_response(response)


class SlackNetwork:
    """Publishes messages to the channel of a webhook."""

    label = "Slack"
    threads: ThreadForm | None = "messages"
    options = OPTIONS
    post_link = None
    fields = webhook_fields("team", "From a Slack app with incoming webhooks: https://hooks.slack.com/services/...")

    def __init__(self, clock: Clock, *, hooks: str = HOOKS) -> None:
        self._clock = clock
        self._hooks = hooks
        self._classifier = SlackClassifier(name=self.label, clock=clock, ambiguous=unconfirmed_result)

    def connect(self, form: Mapping[str, str]) -> Account:
        account = webhook_account(form, "slack", self.label, WEBHOOK_URL, "Copy the whole URL from the app's page.")
        self._probe(account)
        return account

    def check(self, account: Account) -> PostingPermission:
        return posting_permission(lambda: self._probe(account))

    def measure(self, text: str, account: Account) -> TextLength:
        return TextLength(count=len(escape_for_slack(text)), limit=TEXT_LIMIT)

    def media_limits(self, account: Account) -> MediaLimits:
        return MediaLimits()

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return None

    def publish(self, publication: Publication) -> NetworkResult:
        return send_post(
            self._classifier,
            lambda: self._post(publication.account, escape_for_slack(publication.text), publication.options),
            self._result,
        )

    def _result(self, response: Response) -> NetworkResult | None:
        if response.message in DELETED_WEBHOOK_ERRORS:
            return self._classifier.from_response(response)
        if response.complete and response.body.strip() != b"ok":
            return None
        return Published(at=self._clock())

    def _probe(self, account: Account) -> None:
        """Send a message without a text, which Slack never posts. Raises CannotConnect."""
        response = require_response(lambda: self._post(account, "", {}))
        if response.message not in EMPTY_MESSAGE_ERRORS:
            raise CannotConnect(failure_text(self.label, response), "Create a new webhook and connect it.")

    def _post(self, account: Account, text: str, options: OptionValues) -> Response:
        client = webhook_client(account, self.label)
        return client.post_json(f"{self._hooks}/services/{webhook_path(account)}", {"text": text, **options})


def network(dependencies: NetworkDependencies) -> SlackNetwork:
    """Return the network for the registry."""
    return SlackNetwork(dependencies.clock)


def escape_for_slack(text: str) -> str:
    """Return a text with Slack's control characters escaped. Slack still makes URLs in it clickable."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
