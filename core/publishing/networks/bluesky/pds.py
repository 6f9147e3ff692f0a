"""The client of a personal data server (PDS) of the AT Protocol."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import PunctualError
from core.publishing.account_form import is_allowed_url
from core.publishing.http.body import Body
from core.publishing.http.client import HttpClient, RequestNotSent, Response, ResponseLost, bearer

_SESSION_ENDED = frozenset({"ExpiredToken", "InvalidToken"})
"""Errors of a call whose session has ended. Such a call is repeated in a new session."""


class LoginRefused(PunctualError):
    """The server refused the login."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.message)
        self.response = response


@dataclass(frozen=True, kw_only=True)
class Login:
    """The credentials of an account. With `follow`, calls after the login go to the server that the identity names."""

    server: str
    identifier: str
    password: str = field(repr=False)
    follow: bool


@dataclass(frozen=True, kw_only=True)
class PdsSession:
    """The session of a login. It ends after about two hours."""

    did: str
    server: str
    token: str = field(repr=False)
    active: bool
    email_confirmed: bool
    """False only if the server reports that the address is not confirmed."""


class PdsClient:
    """Calls the server of one account.

    `sessions` holds the sessions of all logins for reuse: servers allow few logins a day (bsky.social: 300).
    """

    def __init__(self, http: HttpClient, login: Login, sessions: dict[Login, PdsSession]) -> None:
        self._http = http
        self._login = login
        self._sessions = sessions

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline of all calls."""
        return self._http.seconds_left

    @property
    def server(self) -> str:
        """The address of the server that has the account's repository, as far as it is known."""
        session = self._sessions.get(self._login)
        return session.server if session else self._login.server

    def log_in(self) -> PdsSession:
        """Start a new session. Raises RequestError or LoginRefused."""
        content = {"identifier": self._login.identifier, "password": self._login.password}
        response = self._http.post_json(_url(self._login.server, "com.atproto.server.createSession"), content)
        members = response.json_object
        if not response.ok:
            raise LoginRefused(response)
        if not members.keys() >= {"did", "accessJwt"}:
            raise ResponseLost(f"{self._login.server} did not respond like a Bluesky server.")
        session = PdsSession(
            did=str(members["did"]),
            server=_account_server(members, self._login),
            token=str(members["accessJwt"]),
            active=members.get("active") is not False,
            email_confirmed=members.get("emailConfirmed") is not False,
        )
        self._sessions[self._login] = session
        return session

    def has_confirmed_email(self) -> bool:
        """Return whether the email address is confirmed; log in again if it was not. Raises the errors of `log_in`."""
        session = self._sessions.get(self._login)
        return (session is not None and session.email_confirmed) or self.log_in().email_confirmed

    def call(self, procedure: str, content: dict[str, Any]) -> Response:
        """Call a procedure in a session and return the response, or the response to a refused login.

        If the session has ended, the server does nothing, and the call is repeated once in a new session. Raises
        RequestError.
        """
        return self._in_session(
            lambda session: self._http.post_json(
                _url(session.server, procedure), content, headers=bearer(session.token)
            )
        )

    def upload_blob(self, body: Body, content_type: str) -> Response:
        """Upload a file in a session, with the repetition and the errors of `call`.

        The server deletes the file after some hours unless a record refers to it.
        """
        return self._in_session(
            lambda session: self._http.send(
                "POST",
                _url(session.server, "com.atproto.repo.uploadBlob"),
                body=body,
                headers={**bearer(session.token), "Content-Type": content_type},
            )
        )

    def query(self, method: str, params: dict[str, str]) -> Response:
        """Run a query that needs no session, on the account's server. Raises RequestError."""
        return self._http.get(_url(self.server, method), params=params)

    def _in_session(self, send: Callable[[PdsSession], Response]) -> Response:
        """Send a call. If the login before it fails, the error or response says that the call was not sent."""
        try:
            response = send(self._sessions.get(self._login) or self._log_in_for_call())
            return send(self._log_in_for_call()) if response.json_object.get("error") in _SESSION_ENDED else response
        except LoginRefused as error:
            return replace(error.response, request_sent=False)

    def _log_in_for_call(self) -> PdsSession:
        try:
            return self.log_in()
        except ResponseLost as error:
            raise RequestNotSent(str(error)) from None


def _url(server: str, method: str) -> str:
    return f"{server}/xrpc/{method}"


def _account_server(session: dict[str, Any], login: Login) -> str:
    """Return the server to call after the login.

    It is the server that the identity document names, if the login has `follow` and the address is allowed; otherwise
    the server of the login.
    """
    document = session.get("didDoc")
    services = document.get("service") if login.follow and isinstance(document, dict) else None
    for service in services if isinstance(services, list) else []:
        if not isinstance(service, dict):
            continue
        if str(service.get("id", "")).endswith("#atproto_pds") and is_allowed_url(str(service.get("serviceEndpoint"))):
            return str(service["serviceEndpoint"]).rstrip("/")
    return login.server
