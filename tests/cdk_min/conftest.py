"""The stack as `python app.py` synthesises it, and the same deployed into moto."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

FOLDER = Path(__file__).resolve().parent.parent.parent / "cdk_min"
CONTEXT = {"posting_url": "https://posts.example.org/publish", "allowed_hosts": "a.example,b.example"}
ACCOUNT, REGION = "123456789012", "eu-central-1"

SKIPPED_BY_MOTO = {
    "AWS::Scheduler::ScheduleGroup",
    "AWS::SecretsManager::Secret",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::CloudWatch::Alarm",
}
"""What moto's CloudFormation says it created and did not. It warns, and a warning of any other type fails the tests."""

LEAKY = """
import runpy, stack
from aws_cdk import aws_sqs

class Leaky(stack.PunctualStack):
    def __init__(self, scope, name):
        super().__init__(scope, name)
        aws_sqs.Queue(self, "Bare")

stack.PunctualStack = Leaky
runpy.run_path("app.py")
"""


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """A finished run of the app: what it said, and the folder it wrote."""

    status: int
    said: str
    folder: Path


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Run the app as a person without credentials would, inside its own folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    variables = {**kept, "CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(CONTEXT)}
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=FOLDER, env=variables, text=True, stdout=-1, stderr=subprocess.STDOUT
    )


@pytest.fixture(scope="session")
def syntheses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Synthesis]:
    """The app as it is, and one with a queue that breaks cdk-nag's rules; side by side, since each takes seconds."""
    if shutil.which("node") is None:
        pytest.skip("aws-cdk-lib needs Node.js, which is not installed")
    folders = {name: tmp_path_factory.mktemp(name) for name in ("clean", "leaky")}
    running = {"clean": start(folders["clean"], "app.py"), "leaky": start(folders["leaky"], "-c", LEAKY)}
    said = {name: process.communicate()[0] for name, process in running.items()}
    return {name: Synthesis(status=running[name].returncode, said=said[name], folder=folders[name]) for name in folders}


@pytest.fixture(scope="session")
def template(syntheses: dict[str, Synthesis]) -> dict[str, Any]:
    assert syntheses["clean"].status == 0, syntheses["clean"].said
    return json.loads((syntheses["clean"].folder / "Punctual.template.json").read_text())


@pytest.fixture(scope="session")
def package(syntheses: dict[str, Synthesis], template: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The function's zip, made as the cdk command makes it: from the folder that the assets' manifest names."""
    folder = syntheses["clean"].folder
    manifest = json.loads((folder / "Punctual.assets.json").read_text())
    [asset] = [file for file in manifest["files"].values() if file["source"]["packaging"] == "zip"]
    source = folder / asset["source"]["path"]
    path = tmp_path_factory.mktemp("package") / "relay.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(source.rglob("*")):
            archive.write(file, file.relative_to(source))
    return path


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The stack in moto: its outputs, and the logical ids of what exists, by whichever hand."""

    outputs: dict[str, str]
    made: set[str]


@pytest.fixture
def deployment(template: dict[str, Any], package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """Deploy the template. What moto skips in silence is created beside it, from the very same properties."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws(config={"lambda": {"use_docker": False}}):
        _bootstrap(template, package)
        by_hand = _create_first(template)
        body = _with_references(template, by_hand)
        body["Resources"] = {
            name: each for name, each in body["Resources"].items() if each["Type"] not in SKIPPED_BY_MOTO
        }
        cloudformation = boto3.client("cloudformation")
        cloudformation.create_stack(
            StackName="Punctual", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_IAM"]
        )
        [stack] = cloudformation.describe_stacks(StackName="Punctual")["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        resources = cloudformation.describe_stack_resources(StackName="Punctual")["StackResources"]
        physical = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}
        yield Deployment(
            outputs={each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]},
            made={*physical, *by_hand, *_create_last(template, physical)},
        )


def _bootstrap(template: dict[str, Any], package: Path) -> None:
    """Leave what `cdk bootstrap` and the upload of assets leave."""
    boto3.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
    [function] = _of_type(template, "AWS::Lambda::Function").values()
    bucket, s3 = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}", boto3.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=bucket, Key=function["Code"]["S3Key"], Body=package.read_bytes())


def _create_first(template: dict[str, Any]) -> dict[str, str]:
    """Create the group and the secret; return what a reference to each means."""
    references = {}
    for logical_id, properties in _of_type(template, "AWS::Scheduler::ScheduleGroup").items():
        boto3.client("scheduler").create_schedule_group(**properties)
        references[logical_id] = properties["Name"]
    for logical_id, properties in _of_type(template, "AWS::SecretsManager::Secret").items():
        secrets = boto3.client("secretsmanager")
        text = secrets.get_random_password(**properties["GenerateSecretString"])["RandomPassword"]
        made = secrets.create_secret(Name=logical_id, Description=properties["Description"], SecretString=text)
        references[logical_id] = made["ARN"]
    return references


def _create_last(template: dict[str, Any], physical: dict[str, str]) -> set[str]:
    """Create what refers to the function and to the queues; return its logical ids."""
    queues = boto3.client("sqs")

    def resolve(value: Any) -> Any:
        match value:
            case {"Ref": logical_id}:
                return physical[logical_id]
            case {"Fn::GetAtt": [logical_id, "QueueName"]}:
                return physical[logical_id].rsplit("/", 1)[-1]
            case {"Fn::GetAtt": [logical_id, "Arn"]}:
                asked = queues.get_queue_attributes(QueueUrl=physical[logical_id], AttributeNames=["QueueArn"])
                return asked["Attributes"]["QueueArn"]
            case dict():
                return {name: resolve(each) for name, each in value.items()}
            case list():
                return [resolve(each) for each in value]
        return value

    configurations = _of_type(template, "AWS::Lambda::EventInvokeConfig")
    for properties in configurations.values():
        boto3.client("lambda").put_function_event_invoke_config(**resolve(properties))
    alarms = _of_type(template, "AWS::CloudWatch::Alarm")
    for logical_id, properties in alarms.items():
        boto3.client("cloudwatch").put_metric_alarm(AlarmName=logical_id, **resolve(properties))
    return {*configurations, *alarms}


def _of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    found = template["Resources"].items()
    return {logical_id: each["Properties"] for logical_id, each in found if each["Type"] == kind}


def _with_references(value: Any, references: dict[str, str]) -> Any:
    """Return the template with each `Ref` to what was created by hand replaced by what it means."""
    match value:
        case {"Ref": logical_id} if logical_id in references:
            return references[logical_id]
        case dict():
            return {name: _with_references(each, references) for name, each in value.items()}
        case list():
            return [_with_references(each, references) for each in value]
    return value
