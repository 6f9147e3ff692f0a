"""A personal data server of the AT Protocol: logging in, and calls in an account's name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.errors import PunctualError
from core.publishing.account_form import is_allowed_url
from core.publishing.http.client import HttpClient, Response, ResponseLost, bearer

_ENDED = frozenset({"ExpiredToken", "InvalidToken"})
"""What a server says of a session that has ended; a new one is all it takes."""


class LoginRefused(PunctualError):
    """The server did not let us in."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.message)
        self.answer = answer


@dataclass(frozen=True, kw_only=True)
class Login:
    """Where and as whom to log in. `follow` goes on to the server that the account's identity names."""

    server: str
    identifier: str
    password: str = field(repr=False)
    follow: bool


@dataclass(frozen=True, kw_only=True)
class PdsSession:
    """A log-in that holds for about two hours."""

    did: str
    server: str
    token: str = field(repr=False)
    active: bool
    confirmed: bool
    """Whether the account's e-mail address is, as far as the server tells."""


class PdsClient:
    """Log-ins, kept in memory while they hold: servers allow few a day (bsky.social: 300)."""

    def __init__(self) -> None:
        self._kept: dict[Login, PdsSession] = {}

    def begin(self, line: HttpClient, login: Login) -> PdsSession:
        """Log in anew. Raises Fault, or TurnedDown."""
        content = {"identifier": login.identifier, "password": login.password}
        answer = line.post_json(_address(login.server, "com.atproto.server.createSession"), content)
        members = answer.json_object
        if not answer.ok:
            raise LoginRefused(answer)
        if not members.keys() >= {"did", "accessJwt"}:
            raise ResponseLost(f"{login.server} did not answer as a Bluesky server does.")
        session = PdsSession(
            did=str(members["did"]),
            server=_home(members, login),
            token=str(members["accessJwt"]),
            active=members.get("active") is not False,
            confirmed=members.get("emailConfirmed") is not False,
        )
        self._kept[login] = session
        return session

    def is_confirmed(self, line: HttpClient, login: Login) -> bool:
        """Whether the account's e-mail address is confirmed, asked anew until it is. Raises Fault, or TurnedDown."""
        kept = self._kept.get(login)
        return (kept is not None and kept.confirmed) or self.begin(line, login).confirmed

    def call(self, line: HttpClient, login: Login, method: str, content: dict[str, Any]) -> Response:
        """POST to a method in the account's name, logged in as far as needed. Raises Fault, or TurnedDown.

        A session that has ended is replaced and the call made once more; the server did nothing the first time.
        """

        def send(session: PdsSession) -> Response:
            return line.post_json(_address(session.server, method), content, headers=bearer(session.token))

        return self._logged_in(line, login, send)

    def upload(self, line: HttpClient, login: Login, content: bytes, content_type: str) -> Response:
        """Give a file to the account's server, as `call` does; a record that names it must follow within some hours."""

        def send(session: PdsSession) -> Response:
            address = _address(session.server, "com.atproto.repo.uploadBlob")
            headers = {**bearer(session.token), "Content-Type": content_type}
            return line.send("POST", address, body=content, headers=headers)

        return self._logged_in(line, login, send)

    def _logged_in(self, line: HttpClient, login: Login, send: Callable[[PdsSession], Response]) -> Response:
        answer = send(self._kept.get(login) or self.begin(line, login))
        return send(self.begin(line, login)) if answer.json_object.get("error") in _ENDED else answer

    def ask(self, line: HttpClient, login: Login, method: str, params: dict[str, str]) -> Response:
        """GET a method that needs no log-in, where the account's repository is. Raises Fault."""
        session = self._kept.get(login)
        return line.get(_address(session.server if session else login.server, method), params=params)


def _address(server: str, method: str) -> str:
    return f"{server}/xrpc/{method}"


def _home(session: dict[str, Any], login: Login) -> str:
    """The server that the identity document names, where it is to be followed and may be."""
    document = session.get("didDoc")
    services = document.get("service", []) if login.follow and isinstance(document, dict) else []
    for service in services:
        if str(service.get("id", "")).endswith("#atproto_pds") and is_allowed_url(str(service.get("serviceEndpoint"))):
            return str(service["serviceEndpoint"]).rstrip("/")
    return login.server
