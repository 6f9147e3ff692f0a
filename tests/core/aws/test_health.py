"""Health on AWS: each check finds what is wrong, and says what to do."""

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from core.health.crowding import crowded
from core.health.examination import examine
from core.health.findings import Check
from core.models import new_post_id
from lambda_pkg.signature import signed_headers

ROLE = "scheduler"
"""The execution role's name."""


class PostingServer:
    """Stands where the internet would: looks names up, and answers as our posting server or as it is told."""

    def __init__(self) -> None:
        self.secrets = ["whsec_" + "A" * 44]
        self.address = "93.184.215.14"
        self.status: int | None = None
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
        found = self.address if host == "posts.example.org" else host
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    def _judged(self, body: bytes, headers: dict[str, str]) -> int:
        signed_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        expected = signed_headers(headers["webhook-id"], signed_at, body, self.secrets)
        return 400 if headers["webhook-signature"] == expected["webhook-signature"] else 401  # 400: it is no post


@pytest.fixture
def server(monkeypatch) -> PostingServer:
    server = PostingServer()
    monkeypatch.setattr("core.health.aws.posting.requests.post", server.post)
    monkeypatch.setattr("core.health.aws.posting.socket.getaddrinfo", server.look_up)
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

    def quota(schedules: int) -> None:
        quota = {"QuotaName": "Number of schedules", "Value": schedules}
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
def look(application, server, told, clock) -> Callable[[str], Check]:
    """Examine the deployment, and return one check by its name."""

    def look(name: str) -> Check:
        [found] = [check for check in examine(application, clock()) if check.name == name]
        return found

    return look


@pytest.mark.usefixtures("server", "told")
def test_a_sound_deployment_is_good_in_every_check(application, clock):
    checks = examine(application, clock())
    assert len(checks) == 22
    assert [(check.name, check.finding) for check in checks if check.verdict != "good"] == []


@pytest.mark.usefixtures("server", "told")
def test_where_nothing_is_allowed_every_check_is_made_and_names_the_action(application, clock, interfere):
    interfere("*", "AccessDeniedException", "User ada is not authorized to perform: some:Action on resource: it")
    checks = {check.name: check for check in examine(application, clock())}
    assert len(checks) == 22
    denied = set(checks) - {"Mode", "Accounts", "Pictures"}  # this deployment keeps neither
    assert {checks[name].verdict for name in denied} == {"unknown"}
    assert "GetRole: User ada is not authorized" in checks["Role's trust"].finding
    assert all(checks[name].remedy for name in denied)


def test_the_identity_is_named_with_where_its_credentials_come_from(look):
    assert look("Identity").finding.startswith("arn:aws:iam::123456789012:user/ada, by ")


def test_an_identity_of_another_account_is_bad(opened, deployed, told, server, clock):
    arn = deployed.outputs["RelayFunctionArn"].replace("123456789012", "210987654321")
    application = opened(PUNCTUAL_FUNCTION_ARN=arn)
    [check] = [each for each in examine(application, clock()) if each.name == "Identity"]
    assert check.verdict == "bad"
    assert "account 123456789012, but the relay is in 210987654321" in check.finding


def test_an_expired_token_is_unknown_and_says_what_to_do(look, interfere):
    interfere("GetCallerIdentity", "ExpiredToken", "The security token included in the request is expired")
    assert look("Identity").verdict == "unknown"
    assert "Sign in again" in look("Identity").remedy


@pytest.mark.parametrize(
    ("ahead", "verdict", "finding"),
    [
        ({}, "good", "agrees"),
        ({"seconds": 20}, "warning", "20 seconds behind"),
        ({"minutes": -3}, "bad", "2 minutes ahead of"),
    ],
)
def test_a_clock_that_is_off_is_told(look, told, ahead, verdict, finding):
    told["time"](**ahead)
    check = look("Clock")
    assert check.verdict == verdict
    assert finding in check.finding


def test_a_deleted_group_is_bad(look, deployed):
    deployed["scheduler"].delete_schedule_group(Name="posts")
    assert look("Schedule group").finding == "There is no schedule group posts."


def test_the_quota_of_schedules_is_told_when_it_comes_near(look, told, application, a_post, clock):
    for hours in range(1, 9):
        application.schedules.schedule(a_post(post_id=new_post_id(), due_at=clock() + timedelta(hours=hours)))
    assert look("Schedules in use").finding == "8 of 10,000,000 schedules are in use."
    told["quota"](10)
    assert look("Schedules in use").verdict == "warning"


def test_a_quota_that_may_not_be_read_is_taken_to_be_the_usual_one(look, interfere):
    interfere("ListServiceQuotas", "AccessDeniedException")
    assert look("Schedules in use").verdict == "good"
    assert "AWS's default" in look("Schedules in use").finding


def trusting(deployed, **statement):
    whole = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [whole | statement]}
    deployed["iam"].update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(document))


def test_a_role_that_the_scheduler_may_not_assume_is_bad(look, deployed):
    trusting(deployed, Principal={"Service": "lambda.amazonaws.com"})
    assert look("Role's trust").verdict == "bad"


def test_a_role_that_trusts_another_group_is_bad(look, deployed):
    other = "arn:aws:scheduler:us-east-1:123456789012:schedule-group/others"
    trusting(deployed, Condition={"StringEquals": {"aws:SourceArn": other}})
    assert look("Role's trust").verdict == "bad"
    assert other in look("Role's trust").finding


def test_a_role_that_trusts_a_schedule_instead_of_its_group_is_bad(look, deployed):
    schedule = "arn:aws:scheduler:us-east-1:123456789012:schedule/posts/*"
    trusting(deployed, Condition={"ArnLike": {"AWS:SourceArn": [schedule]}})
    assert look("Role's trust").verdict == "bad"


def test_a_role_that_trusts_every_schedule_is_told(look, deployed):
    trusting(deployed)
    assert look("Role's trust").verdict == "warning"


def test_a_role_that_may_not_invoke_the_relay_is_bad(look, told):
    told["simulation"]("implicitDeny")
    assert look("Role's permissions").verdict == "bad"
    assert "lambda:InvokeFunction" in look("Role's permissions").finding


def test_where_the_role_may_not_be_simulated_it_is_explained(look, interfere):
    interfere("SimulatePrincipalPolicy", "AccessDenied")
    check = look("Role's permissions")
    assert check.verdict == "unknown"
    assert "lambda:InvokeFunction and sqs:SendMessage" in check.remedy


def test_a_deleted_function_is_bad(look, deployed):
    deployed["lambda"].delete_function(FunctionName="relay")
    assert look("Relay").finding.startswith("There is no function arn:aws:lambda:us-east-1:123456789012:function:relay")


def test_a_function_with_too_little_time_is_bad(look, deployed):
    deployed["lambda"].update_function_configuration(FunctionName="relay", Timeout=30)
    assert "It may run 30 s" in look("Relay").finding


def test_failures_that_nothing_is_said_of_are_bad(look, deployed):
    deployed["lambda"].delete_function_event_invoke_config(FunctionName="relay")
    assert look("Relay's failures").verdict == "bad"


def keeping_failures(deployed, **configuration):
    deployed["lambda"].delete_function_event_invoke_config(FunctionName="relay")
    deployed["lambda"].put_function_event_invoke_config(FunctionName="relay", **configuration)


def test_failures_that_nothing_keeps_are_bad(look, deployed):
    keeping_failures(deployed, MaximumRetryAttempts=2)
    assert "no on-failure queue" in look("Relay's failures").finding


@pytest.mark.parametrize("meant_otherwise", [{"MaximumEventAgeInSeconds": 3600}, {"MaximumRetryAttempts": 0}])
def test_failures_that_are_repeated_otherwise_than_meant_are_told(look, deployed, meant_otherwise):
    destination = {"OnFailure": {"Destination": deployed.outputs["UndeliveredQueueArn"]}}
    whole = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 900, "DestinationConfig": destination}
    keeping_failures(deployed, **whole | meant_otherwise)
    assert look("Relay's failures").verdict == "warning"


def test_a_minute_with_more_posts_than_relays_may_run_is_told(look, told, application, a_post, clock):
    due_at = clock() + timedelta(hours=3)
    for second in range(12):
        application.schedules.schedule(a_post(post_id=new_post_id(), due_at=due_at + timedelta(seconds=second)))
    assert look("Posts side by side").finding.endswith("the busiest minute of the next day holds 12 posts.")
    told["limit"](10)
    assert "12 posts are due at 15:00 UTC" in look("Posts side by side").finding


def test_who_adds_to_a_full_minute_is_warned(application, told, a_post, clock):
    due_at = clock() + timedelta(hours=3)
    told["limit"](2)
    assert crowded(application, due_at) is None
    for second in (5, 50):
        application.schedules.schedule(a_post(post_id=new_post_id(), due_at=due_at + timedelta(seconds=second)))
    assert crowded(application, due_at + timedelta(seconds=30)).startswith("2 posts are due in this minute")
    assert crowded(application, due_at + timedelta(seconds=70)) is None


def test_what_cannot_be_known_of_a_minute_is_no_warning(application, told, clock, interfere):
    interfere("GetAccountSettings", "AccessDeniedException")
    assert crowded(application, clock() + timedelta(hours=3)) is None


@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.1.7", "127.0.0.1", "169.254.1.1", "fe80::1%eth0", "fd00::1"])
def test_a_posting_server_that_lambda_cannot_reach_is_bad(look, server, address):
    server.address = address
    assert look("Posting URL").verdict == "bad"
    assert "which Lambda cannot reach" in look("Posting URL").finding


@pytest.mark.parametrize("url", ["", "http://posts.example.org/publish", "http://127.0.0.1:8501/publish"])
def test_a_relay_without_a_usable_posting_url_is_bad(look, deployed, url):
    deployed["lambda"].update_function_configuration(
        FunctionName="relay", Environment={"Variables": {"POSTING_URL": url}}
    )
    assert look("Posting URL").verdict == "bad"


def test_a_server_that_does_not_answer_is_unknown_from_here(look, server):
    server.down = True
    check = look("Signature")
    assert check.verdict == "unknown"
    assert "posts.example.org does not answer from here" in check.finding


@pytest.mark.parametrize(
    ("status", "finding"),
    [(401, "refuses our signature"), (404, "Nothing is published"), (502, "answers 502"), (302, "answers 302")],
)
def test_a_server_that_does_not_take_our_signature_is_bad(look, server, status, finding):
    server.status = status
    assert look("Signature").verdict == "bad"
    assert finding in look("Signature").finding


def test_a_server_that_takes_any_signature_is_told(look, server):
    server.status = 200
    assert look("Signature").verdict == "warning"


def test_a_secret_that_the_server_does_not_share_is_bad(look, server):
    server.secrets = ["whsec_" + "B" * 44]
    assert "refuses our signature" in look("Signature").finding


def test_what_the_test_request_holds_is_no_post(look, server):
    look("Signature")
    assert server.bodies
    assert not any("destinations" in json.loads(body) for body in server.bodies)


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("FailuresQueueUrl", "Tried again later"),
        ("DeadLettersQueueUrl", "Given up by the relay"),
        ("UndeliveredQueueUrl", "Undelivered"),
    ],
)
def test_what_lies_in_a_queue_is_counted(look, deployed, output, name):
    for _ in range(3):
        deployed["sqs"].send_message(QueueUrl=deployed.outputs[output], MessageBody="{}")
    assert (look(name).verdict, look(name).finding) == ("warning", "3 posts.")


def test_a_deleted_queue_is_bad(look, deployed):
    deployed["sqs"].delete_queue(QueueUrl=deployed.outputs["DeadLettersQueueUrl"])
    assert look("Given up by the relay").verdict == "bad"


def test_a_deleted_table_is_bad(look, deployed):
    deployed["dynamodb"].delete_table(TableName="ledger")
    assert look("Ledger's table").finding == "There is no table ledger."


def test_pictures_tell_where_they_are_kept(opened, deployed, told, server, clock):
    deployed["s3"].create_bucket(Bucket="pictures")
    application = opened(PUNCTUAL_MEDIA_BUCKET="pictures")
    checks = {check.name: check for check in examine(application, clock())}
    assert checks["Pictures"].finding == "Pictures are kept in pictures."
    deployed["s3"].delete_bucket(Bucket="pictures")
    checks = {check.name: check for check in examine(application, clock())}
    assert checks["Pictures"].finding == "There is no bucket pictures."


def test_a_secret_that_is_no_key_is_bad(look, deployed):
    deployed["secretsmanager"].put_secret_value(
        SecretId=deployed.outputs["SigningSecretArn"], SecretString="not base64!"
    )
    assert look("Signing secret").verdict == "bad"
    assert "base64!" not in look("Signing secret").finding


def test_a_schedule_that_somebody_deleted_is_bad(look, deployed, application, a_post):
    plan = application.schedules.schedule(a_post())
    deployed["scheduler"].delete_schedule(GroupName="posts", Name=plan.schedule_name)
    assert look("Ledger and schedules").verdict == "bad"
