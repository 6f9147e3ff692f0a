"""The posting server as the relay would reach it, and whether it takes signed requests and no others."""

import ipaddress
import json
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

import requests

from core.aws_errors import translated
from core.backends.aws import Aws
from core.errors import PunctualError
from core.health.findings import Finding, Visit, bad, good, unknown, warning
from core.storage.home import new_signing_secret
from lambda_pkg.address import RefusedAddress, address_of
from lambda_pkg.signature import UnusableSecret, signed_headers

SECONDS = 5.0
BODY = json.dumps({"check": "Punctual asks whether this signature is taken. Nothing is to be published."}).encode()


class UnreachablePostingServer(PunctualError):
    """The posting server did not answer at all."""

    hint = "Check that it runs and can be reached from the internet; or deploy again with -c posting_url=https://..."

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host} does not answer from here ({reason}).")


def address(aws: Aws, visit: Visit) -> Finding:
    """Whether Lambda can reach the posting server's address at all."""
    url, remedy = _url(aws), "Deploy again with -c posting_url=https://..., an address that the internet can reach."
    if not url:
        return bad("The relay was deployed without a posting URL: nothing goes out.", remedy)
    try:
        host, port = (found := address_of(url)).host, found.port
    except RefusedAddress as error:
        return bad(str(error), remedy)
    try:
        addresses = {entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (socket.gaierror, UnicodeError):  # the latter, where it can be no name
        return bad(f"No address is found for {host}.", remedy)
    private = [each for each in addresses if not ipaddress.ip_address(str(each).partition("%")[0]).is_global]
    if private:
        return bad(f"{host} leads to {', '.join(map(str, sorted(private)))}, which Lambda cannot reach.", remedy)
    return good(f"{host} is a public address.")


def signature(aws: Aws, visit: Visit) -> Finding:
    """Whether the server takes what is signed with the active secret, and refuses what is not.

    Both requests are no posts, so nothing is published whatever it answers.
    """
    url = _url(aws)
    if not url:
        return unknown("The relay was deployed without a posting URL.", "Deploy again with -c posting_url=https://...")
    try:
        genuine = _status(url, aws.signing_secrets(), visit)
    except UnusableSecret:
        return unknown("Nothing can be signed.", "See the check of the signing secret.")
    forged = _status(url, [new_signing_secret()], visit)
    if genuine in (401, 403):
        return bad(f"It refuses our signature ({genuine}).", "Give the relay and the server the same signing secret.")
    if genuine == 404:
        return bad("Nothing is published at this path (404).", "Correct the posting URL and deploy again.")
    if genuine == 429:
        return unknown("It answers 429: too many requests for now.", "Look again in a minute.")
    if genuine >= 500 or 300 <= genuine < 400:
        return bad(f"It answers {genuine}.", "Look into the posting server's log.")
    if forged == 429 or forged >= 500:
        return unknown(f"It takes our signature; a forged one it answered with {forged}.", "Look again in a minute.")
    if forged not in (401, 403):
        return warning(
            f"It also takes what is signed with another secret ({forged}): anyone may post through it.",
            "Let it verify the signature (Standard Webhooks) with the deployment's secret.",
        )
    return good("It takes our signature and refuses a forged one.")


def _url(aws: Aws) -> str:
    with translated():
        found = aws.brief_client("lambda").get_function_configuration(FunctionName=aws.target.function_arn)
    url: str = found.get("Environment", {}).get("Variables", {}).get("POSTING_URL", "")
    return url


def _status(url: str, secrets: Sequence[str], visit: Visit) -> int:
    headers = signed_headers("punctual-check", visit.application.clock(), BODY, secrets)
    try:
        answer = requests.post(
            url,
            BODY,
            headers={"Content-Type": "application/json", **headers},
            timeout=SECONDS,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise UnreachablePostingServer(urlsplit(url).hostname or "The server", type(error).__name__) from error
    return answer.status_code


LOOKS = {"Posting URL": address, "Signature": signature}
