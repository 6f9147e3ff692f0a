"""A deployment to look at: in moto, sound, with a posting server that answers as ours does."""

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from core.health.checks import run_checks
from core.health.findings import CheckResult
from lambda_pkg.signature import signed_headers


class PostingServer:
    """Stands where the internet would: looks names up, and answers as our posting server or as it is told."""

    def __init__(self) -> None:
        self.secrets = ["whsec_" + "A" * 44]
        self.address = "93.184.215.14"
        self.status: int | None = None
        self.status_of_forged = 401
        self.down = False
        self.bodies: list[bytes] = []

    def post(self, url: str, body: bytes, headers: dict[str, str], **_: object) -> requests.Response:
        if self.down:
            raise requests.ConnectTimeout
        self.bodies.append(body)
        answer = requests.Response()
        answer.status_code = self.status or self._judged(body, headers)
        return answer

    def look_up(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        host.encode("idna")  # as the real one does
        found = self.address if host == "posts.example.org" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    def _judged(self, body: bytes, headers: dict[str, str]) -> int:
        signed_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        expected = signed_headers(headers["webhook-id"], signed_at, body, self.secrets)
        genuine = headers["webhook-signature"] == expected["webhook-signature"]
        return 400 if genuine else self.status_of_forged  # 400: it is no post


@pytest.fixture
def server(monkeypatch) -> PostingServer:
    server = PostingServer()
    monkeypatch.setattr("core.health.aws.posting_url.requests.post", server.post)
    monkeypatch.setattr("core.health.aws.posting_url.socket.getaddrinfo", server.look_up)
    return server


@pytest.fixture
def told(interfere, clock):
    """What moto does not answer, as a sound account would."""

    def tell_time(**ahead: float) -> None:
        date = format_datetime(clock() + timedelta(**ahead), usegmt=True)
        arn = "arn:aws:iam::123456789012:user/ada"
        result = f"<Arn>{arn}</Arn><UserId>A</UserId><Account>123456789012</Account>"
        whole = f"<GetCallerIdentityResult>{result}</GetCallerIdentityResult>"
        interfere.reply("GetCallerIdentity", f"<R>{whole}</R>", date=date)

    def simulate(decision: str) -> None:
        member = f"<member><EvalActionName>a</EvalActionName><EvalDecision>{decision}</EvalDecision></member>"
        results = f"<EvaluationResults>{member}</EvaluationResults>"
        whole = f"<SimulatePrincipalPolicyResult>{results}</SimulatePrincipalPolicyResult>"
        interfere.reply("SimulatePrincipalPolicy", f"<R>{whole}</R>")

    def limit(functions: int) -> None:
        limits = {"ConcurrentExecutions": functions, "UnreservedConcurrentExecutions": functions}
        interfere.reply("GetAccountSettings", json.dumps({"AccountLimit": limits}))

    def quota(schedules: int, **others: object) -> None:
        quota = {"QuotaName": "Number of schedules", "Value": schedules, **others}
        interfere.reply("ListServiceQuotas", json.dumps({"Quotas": [quota]}))

    tell_time()
    simulate("allowed")
    limit(1000)
    quota(10_000_000)
    return {"time": tell_time, "simulation": simulate, "limit": limit, "quota": quota}


@pytest.fixture
def application(opened):
    return opened()


@pytest.fixture
def look(application, server, told, clock) -> Callable[[str], CheckResult]:
    """Examine the deployment, and return one check by its name."""

    def look(name: str) -> CheckResult:
        [found] = [check for check in run_checks(application, clock()) if check.name == name]
        return found

    return look
