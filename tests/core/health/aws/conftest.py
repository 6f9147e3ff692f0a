"""A healthy deployment in moto, with a fake posting server."""

import json
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from core.backends.stored_secret import store_secrets
from lambda_pkg.signature import signed_headers
from tests.core.cloud import SECRET_PARAMETER


class FakePostingServer:
    """Resolves names, verifies signatures as the posting server does, and answers with a chosen status if set."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.address = "93.184.215.14"
        self.status: int | None = None
        self.status_of_forged = 401
        self.down = False
        self.bodies: list[bytes] = []

    def post(self, url: str, body: bytes, headers: dict[str, str], **_: object) -> requests.Response:
        if self.down:
            raise requests.ConnectTimeout
        self.bodies.append(body)
        response = requests.Response()
        response.status_code = self.status or self._verify(body, headers)
        return response

    def resolve(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        host.encode("idna")  # as the real one does
        found = self.address if host == "posts.example.org" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    def _verify(self, body: bytes, headers: dict[str, str]) -> int:
        signed_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        expected = signed_headers(headers["webhook-id"], signed_at, body, self.secrets)
        genuine = headers["webhook-signature"] == expected["webhook-signature"]
        return 400 if genuine else self.status_of_forged  # 400: the body is not a post


@pytest.fixture
def server(monkeypatch) -> FakePostingServer:
    """Replace the network of the posting server checks."""
    server = FakePostingServer()
    monkeypatch.setattr("core.health.aws.posting_url.requests.post", server.post)
    monkeypatch.setattr("core.health.aws.posting_url.socket.getaddrinfo", server.resolve)
    return server


@pytest.fixture
def replies(inject_fault, clock):
    """Set AWS replies that moto lacks, at first those of a healthy account; return the setters by name."""

    def set_time(**ahead: float) -> None:
        date = format_datetime(clock() + timedelta(**ahead), usegmt=True)
        arn = "arn:aws:iam::123456789012:user/ada"
        result = f"<Arn>{arn}</Arn><UserId>A</UserId><Account>123456789012</Account>"
        whole = f"<GetCallerIdentityResult>{result}</GetCallerIdentityResult>"
        inject_fault.respond_with("GetCallerIdentity", f"<R>{whole}</R>", date=date)

    def set_simulation(decision: str) -> None:
        member = f"<member><EvalActionName>a</EvalActionName><EvalDecision>{decision}</EvalDecision></member>"
        results = f"<EvaluationResults>{member}</EvaluationResults>"
        whole = f"<SimulatePrincipalPolicyResult>{results}</SimulatePrincipalPolicyResult>"
        inject_fault.respond_with("SimulatePrincipalPolicy", f"<R>{whole}</R>")

    def set_concurrency(functions: int) -> None:
        limits = {"ConcurrentExecutions": functions, "UnreservedConcurrentExecutions": functions}
        inject_fault.respond_with("GetAccountSettings", json.dumps({"AccountLimit": limits}))

    def set_quota(schedules: int, **others: object) -> None:
        quota = {"QuotaName": "Number of schedules", "Value": schedules, **others}
        inject_fault.respond_with("ListServiceQuotas", json.dumps({"Quotas": [quota]}))

    set_time()
    set_simulation("allowed")
    set_concurrency(1000)
    set_quota(10_000_000)
    return {"time": set_time, "simulation": set_simulation, "concurrency": set_concurrency, "quota": set_quota}


@pytest.fixture
def application(open_application, server, replies, deployed):
    """Open the deployment, whose functions and whose posting server have the home's signing secret."""
    opened = open_application()
    server.secrets = list(opened.signing_secrets())
    store_secrets(deployed["ssm"], SECRET_PARAMETER, opened.signing_secrets())
    return opened
