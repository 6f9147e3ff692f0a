"""Health checks of the posting URL: its address and how the server treats signatures."""

import ipaddress
import json
import socket
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import requests

from core.backends.aws import AwsBackend
from core.backends.deployed_functions import variables_of
from core.errors import PunctualError
from core.health.aws.lambda_functions import configuration
from core.health.findings import Finding, HealthContext, bad, good, unknown, warning
from core.storage.home import new_signing_secret
from lambda_pkg.address import RefusedAddress, parse_address
from lambda_pkg.signature import InvalidSecret, signed_headers

TIMEOUT_SECONDS = 5.0
BODY = json.dumps({"check": "Punctual checks its signature. There is nothing to publish."}).encode()
NO_URL = "The relay was deployed without a posting URL: nothing is published."
DEPLOY_URL = "Deploy again with -c posting_url=https://..., a public address."
OWN_FUNCTION = "A function of your own gets the posts, so no posting URL is known here."


class UnreachablePostingServer(PunctualError):
    """The posting server did not answer."""

    hint = "Check that it runs and has a public address, or deploy again with -c posting_url=https://..."

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host} does not answer from here ({reason}).")


def check_posting_url(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the posting URL is allowed and resolves to public addresses."""
    if not aws.functions.is_relay:
        return good(OWN_FUNCTION)
    url = _variables(aws).get("POSTING_URL", "")
    if not url:
        return bad(NO_URL, DEPLOY_URL)
    try:
        address = parse_address(url)
    except RefusedAddress as error:
        return bad(str(error), DEPLOY_URL)
    host = address.host
    try:
        addresses = {entry[4][0] for entry in socket.getaddrinfo(host, address.port, type=socket.SOCK_STREAM)}
    except (socket.gaierror, UnicodeError):  # UnicodeError: the host is not a valid name
        return bad(f"The name {host} does not resolve.", DEPLOY_URL)
    private = [each for each in addresses if not ipaddress.ip_address(str(each).partition("%")[0]).is_global]
    if private:
        found = ", ".join(map(str, sorted(private)))
        return bad(f"{host} resolves to {found}, which Lambda cannot reach.", DEPLOY_URL)
    return good(f"{host} has a public address.")


def check_signature(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the server accepts the active secret and rejects another one, unless AWS lets only the relay call it.

    Neither request holds a post, so nothing is published.
    """
    if not aws.functions.is_relay:
        return good(OWN_FUNCTION)
    variables = _variables(aws)
    url = variables.get("POSTING_URL", "")
    if not url:
        return unknown(NO_URL, DEPLOY_URL)
    if variables.get("POSTING_AUTH") == "aws_iam":
        return good("AWS lets only the relay call the posting function, and both read the same signing secret.")
    try:
        genuine = _status(url, aws.signing_secrets(), context)
    except InvalidSecret:
        return unknown("No request can be signed.", "See the check of the signing secret.")
    forged = _status(url, [new_signing_secret()], context)
    if genuine in (401, 403):
        return bad(
            f"The server rejects the signature ({genuine}).",
            "Give the server this home's signing secret, or run python -m core store-secret in the home of the server.",
        )
    if genuine == 404:
        return bad("The server has no such path (404).", "Correct the posting URL and deploy again.")
    if genuine == 429:
        return unknown("The server answers 429, too many requests.", "Check again in a minute.")
    if genuine >= 500 or 300 <= genuine < 400:
        return bad(f"The server answers {genuine}.", "See the posting server's log.")
    if forged == 429 or forged >= 500:
        return unknown(
            f"The server accepts the signature; it answers {forged} to a forged one.", "Check again in a minute."
        )
    if forged not in (401, 403):
        return warning(
            f"The server also accepts a forged signature ({forged}): anyone can publish through it.",
            "Let it verify the signature (Standard Webhooks) with the deployment's secret.",
        )
    return good("The server accepts the signature and rejects a forged one.")


def _variables(aws: AwsBackend) -> Mapping[str, str]:
    return variables_of(configuration(aws, aws.target.function_arn))


def _status(url: str, secrets: Sequence[str], context: HealthContext) -> int:
    headers = signed_headers("punctual-check", context.application.clock(), BODY, secrets)
    try:
        response = requests.post(
            url,
            BODY,
            headers={"Content-Type": "application/json", **headers},
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise UnreachablePostingServer(urlsplit(url).hostname or "The server", type(error).__name__) from error
    return response.status_code


CHECKS = {"Posting URL": check_posting_url, "Signature": check_signature}
