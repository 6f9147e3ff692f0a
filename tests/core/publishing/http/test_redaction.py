"""Secrets are removed from the texts of servers, also those that are parts of a URL."""

import pytest

from core.publishing.http.client import HttpClient
from core.publishing.http.redaction import redact, secrets_of_url

SLACK = "https://hooks.slack.com/services/T0AB1CD2E/B0FG3HI4J/aBcDeFgHiJkLmNoPqRsTuVwX"
DISCORD = "https://discord.com/api/webhooks/123456789012345678/abc-DEF_ghi%2Bjkl"
OWN = "https://ada:passw0rd@hooks.example.org/publish?token=tok3n-of-ada&v=1"


@pytest.mark.parametrize(
    ("url", "text", "shown"),
    [
        (SLACK, f"no hook at {SLACK}", "no hook at ..."),
        (SLACK, "no /services/T0AB1CD2E/B0FG3HI4J/aBcDeFgHiJkLmNoPqRsTuVwX", "no /..."),
        (SLACK, "bad token aBcDeFgHiJkLmNoPqRsTuVwX", "bad token ..."),
        (SLACK, "team T0AB1CD2E has no services", "team ... has no services"),
        (SLACK, "services\\/T0AB1CD2E\\/B0FG3HI4J\\/aBcDeFgHiJkLmNoPqRsTuVwX", "..."),
        (DISCORD, "unknown webhook abc-DEF_ghi+jkl", "unknown webhook ..."),
        (DISCORD, "unknown webhook abc-DEF_ghi%2Bjkl", "unknown webhook ..."),
    ],
)
def test_no_part_of_a_secret_url_is_shown(url, text, shown):
    assert redact(text, secrets_of_url(url)) == shown


def test_user_password_and_query_of_an_ordinary_url_are_removed_and_its_path_is_shown():
    secrets = secrets_of_url(OWN, path=False)
    assert redact("passw0rd and tok3n-of-ada do not open /publish", secrets) == "... and ... do not open /publish"


def test_a_malformed_url_is_removed_as_a_whole():
    assert redact("no http://[x here", secrets_of_url("http://[x")) == "no ... here"


def test_half_a_secret_at_the_end_of_a_long_answer_is_not_shown(start_server):
    secret = "aBcDeFgHiJkLmNoPqRsTuVwX"
    body = b"denied" + b" " * 984 + secret.encode() + b" and more"
    answer = HttpClient("It", secrets=[secret]).post_json(start_server(403, body, Content_Type="text/plain").url, {})
    assert answer.message == "denied"
