"""The stack as `python app.py` synthesises it, and its deployment into moto."""

import functools
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from filelock import FileLock
from moto import mock_aws

FOLDER = Path(__file__).resolve().parent.parent.parent / "cdk_min"
CONTEXT = {"posting_url": "https://posts.example.org/publish", "allowed_hosts": "a.example,b.example"}
EMAIL = "ada@example.org"
ACCOUNT, REGION = "123456789012", "eu-central-1"
FUNCTION_URL = f"https://abcdefghijklmnopqrstuvwxyz012345.lambda-url.{REGION}.on.aws/"

SKIPPED_BY_MOTO = {
    "AWS::Scheduler::ScheduleGroup",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Url",
    "AWS::CloudWatch::Alarm",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
}
"""Resource types that moto's CloudFormation reports as created but skips. A warning about another type fails tests."""

SYNTHESIS_TIMEOUT = 300
"""Seconds. pip downloads wheels at the same time, and all processes may share one busy core."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "wheels: lets pip choose wheels, which takes seconds")


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """A finished run of the app: the message of its error, if any, and its output folder."""

    error: str | None
    folder: Path

    def read(self, name: str) -> Any:
        """Read a JSON file of the output folder."""
        return json.loads((self.folder / name).read_text())


def start_python(*arguments: str, **variables: str) -> "subprocess.Popen[str]":
    """Start Python in the app's folder, without AWS credentials."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, cwd=FOLDER, env=kept | variables, text=True, stdout=-1, stderr=subprocess.PIPE)


@pytest.fixture(scope="session")
def syntheses(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Synthesis]:
    """Run the app as a command without cdk-nag (`small`), and meanwhile all of RUNS in one process, with cdk-nag.

    A start takes seconds. The processes of pytest-xdist share one result.
    """
    if shutil.which("node") is None:
        pytest.skip("aws-cdk-lib needs Node.js, which is not installed")
    base = tmp_path_factory.getbasetemp()
    root = (base if worker_id == "master" else base.parent) / "syntheses"
    root.mkdir(exist_ok=True)
    with FileLock(root / "lock"):
        errors_file = root / "errors.json"
        if not errors_file.exists():
            errors_file.write_text(json.dumps(_synthesise(root)))
    errors = json.loads(errors_file.read_text())
    return {name: Synthesis(error=error, folder=root / name) for name, error in errors.items()}


RUNS: dict[str, dict[str, Any]] = {
    "watched": {"context": CONTEXT | {"alarm_email": EMAIL}},
    "full": {"context": CONTEXT | {"full": "true", "prepare_url": "https://posts.example.org/prepare"}},
    "lambda": {"context": {"posting_server": "lambda"}},
    "adopted": {
        "context": {
            "posting_server": "lambda",
            "posting_concurrency": "5",
            "alarm_email": EMAIL,
            "table": "kept-table",
            "bucket": "kept-bucket",
        }
    },
    "aimless": {"context": {}},
    "leaky": {"context": CONTEXT, "bare_queue": True},
    "invalid": {"context": {"posting_url": "http://posts.example"}},
}
"""The runs by name: small with alarms, full, full with the posting server on Lambda, that with every further option,
without a posting URL, with a queue that breaks cdk-nag's rules, and with an invalid context value."""


def _synthesise(root: Path) -> dict[str, str | None]:
    """Write the folder of each synthesis; return the message of its error, if any."""
    runs = {name: {**run, "folder": str(root / name)} for name, run in RUNS.items()}
    without_nag = root / "without_nag"
    without_nag.mkdir()
    (without_nag / "cdk_nag.py").write_text("raise ImportError('not installed')")
    variables = {"CDK_OUTDIR": str(root / "small"), "CDK_CONTEXT_JSON": json.dumps(CONTEXT)}
    with (
        start_python("app.py", PYTHONPATH=str(without_nag), **variables) as small,
        start_python(str(Path(__file__).with_name("synthesise.py")), json.dumps(runs)) as others,
    ):
        output, stderr = others.communicate(timeout=SYNTHESIS_TIMEOUT)
        assert others.returncode == 0, stderr
        stderr = small.communicate(timeout=SYNTHESIS_TIMEOUT)[1]
    return {"small": stderr if small.returncode else None, **json.loads(output)}


@pytest.fixture
def synthesis(syntheses: dict[str, Synthesis]) -> Synthesis:
    """Return the synthesis to test; a test module may override this fixture."""
    assert syntheses["small"].error is None, syntheses["small"].error
    return syntheses["small"]


@pytest.fixture
def template(synthesis: Synthesis) -> dict[str, Any]:
    return synthesis.read("Punctual.template.json")


@pytest.fixture(scope="session")
def zips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Zip the folders of assets as the cdk command does, each once."""
    folder_of_zips = tmp_path_factory.mktemp("zips")

    @functools.cache
    def zipped(folder: Path) -> Path:
        path = folder_of_zips / f"{folder.parent.name}-{folder.name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(folder.rglob("*")):
                archive.write(file, file.relative_to(folder))
        return path

    return zipped


@pytest.fixture
def package(synthesis: Synthesis, template: dict[str, Any], zips: Callable[[Path], Path]) -> Callable[[str], Path]:
    """Return the zip of the function whose logical id has a prefix."""

    def find(function: str) -> Path:
        functions = _of_type(template, "AWS::Lambda::Function").items()
        [key] = [each["Code"]["S3Key"] for name, each in functions if name.startswith(function)]
        return zips(synthesis.folder / f"asset.{key.removesuffix('.zip')}")

    return find


@pytest.fixture
def properties_of(template: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Return the properties of the only resource of a type whose logical id has a prefix."""

    def find(kind: str, prefix: str = "") -> dict[str, Any]:
        [properties] = [each for name, each in _of_type(template, kind).items() if name.startswith(prefix)]
        return properties

    return find


@pytest.fixture
def statements_of(template: dict[str, Any]) -> Callable[..., list[dict[str, Any]]]:
    """Return the statements of the roles and policies whose logical id has a prefix; of all of them without one."""

    def find(prefix: str = "") -> list[dict[str, Any]]:
        return [
            statement
            for name, resource in template["Resources"].items()
            if name.startswith(prefix)
            for document in _documents(resource)
            for statement in document["Statement"]
        ]

    return find


def _documents(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the policy documents that grant a resource's principal something."""
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::IAM::Role":
            return [each["PolicyDocument"] for each in properties.get("Policies", [])]
        case "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy":
            return [properties["PolicyDocument"]]
    return []


@pytest.fixture
def logical_id(template: dict[str, Any]) -> Callable[[str, str], str]:
    """Return the only logical id of a type with a prefix."""

    def find(kind: str, prefix: str) -> str:
        [name] = [name for name in _of_type(template, kind) if name.startswith(prefix)]
        return name

    return find


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    """The stack in moto: its outputs, and the logical ids of all created resources."""

    outputs: dict[str, str]
    logical_ids: set[str]


@pytest.fixture
def deployment(
    template: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    lambda_environment: None,
    serialized_moto: None,
) -> Iterator[DeployedStack]:
    """Deploy the template. Create the resources that moto skips from their properties in the template."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws(config={"lambda": {"use_docker": False}}):
        _bootstrap(template)
        created = _create_first(template)
        body = _with_references(template, created)
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
        physical = {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in resources}
        yield DeployedStack(
            outputs={each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]},
            logical_ids={*physical, *created, *_create_last(template, physical)},
        )


def _bootstrap(template: dict[str, Any]) -> None:
    """Create the results of `cdk bootstrap` and of the upload of assets, which moto does not run."""
    boto3.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
    bucket, s3 = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}", boto3.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    for function in _of_type(template, "AWS::Lambda::Function").values():
        s3.put_object(Bucket=bucket, Key=function["Code"]["S3Key"], Body=b"a zip")


def _create_first(template: dict[str, Any]) -> dict[str, str]:
    """Create the group; return the values of references to it and to the function URL."""
    references = dict.fromkeys(_of_type(template, "AWS::Lambda::Url"), FUNCTION_URL)
    for logical_id, properties in _of_type(template, "AWS::Scheduler::ScheduleGroup").items():
        boto3.client("scheduler").create_schedule_group(**properties)
        references[logical_id] = properties["Name"]
    return references


def _create_last(template: dict[str, Any], physical: dict[str, str]) -> set[str]:
    """Create the resources that refer to functions, queues and the bucket; return their logical ids."""

    def resolve(value: Any) -> Any:
        match value:
            case {"Ref": logical_id}:
                return physical[logical_id]
            case {"Fn::GetAtt": [logical_id, "QueueName"]}:
                return physical[logical_id].rsplit("/", 1)[-1]
            case {"Fn::GetAtt": [logical_id, "Arn"]}:
                return _arn(template["Resources"][logical_id]["Type"], physical[logical_id])
            case {"Fn::Join": [separator, parts]}:
                return separator.join(map(resolve, parts))
            case dict():
                return {name: resolve(each) for name, each in value.items()}
            case list():
                return [resolve(each) for each in value]
        return value

    makers = {
        "AWS::Lambda::EventInvokeConfig": _event_invoke_config,
        "AWS::Lambda::Url": _function_url,
        "AWS::CloudWatch::Alarm": _alarm,
        "AWS::S3::BucketPolicy": _bucket_policy,
        "AWS::SNS::Subscription": _subscription,
    }
    made = {kind: _of_type(template, kind) for kind in makers}
    for kind, found in made.items():
        for logical_id, properties in found.items():
            makers[kind](logical_id, resolve(properties))
    return {logical_id for found in made.values() for logical_id in found}


def _arn(kind: str, physical_id: str) -> str:
    match kind:
        case "AWS::S3::Bucket":
            return f"arn:aws:s3:::{physical_id}"
        case "AWS::SQS::Queue":
            return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{physical_id.rsplit('/', 1)[-1]}"
    return physical_id


def _event_invoke_config(_: str, properties: dict[str, Any]) -> None:
    boto3.client("lambda").put_function_event_invoke_config(**properties)


def _function_url(_: str, properties: dict[str, Any]) -> None:
    parameters = {"FunctionName": properties["TargetFunctionArn"], "AuthType": properties["AuthType"]}
    boto3.client("lambda").create_function_url_config(**parameters)


def _alarm(logical_id: str, properties: dict[str, Any]) -> None:
    boto3.client("cloudwatch").put_metric_alarm(AlarmName=logical_id, **properties)


def _subscription(_: str, properties: dict[str, Any]) -> None:
    boto3.client("sns").subscribe(**properties)


def _bucket_policy(_: str, properties: dict[str, Any]) -> None:
    """Check the policy without creating it: moto ignores its condition and would deny every request."""
    statements = properties["PolicyDocument"]["Statement"]
    assert [each["Condition"] for each in statements] == [{"Bool": {"aws:SecureTransport": "false"}}]


def _of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    found = template["Resources"].items()
    return {logical_id: each["Properties"] for logical_id, each in found if each["Type"] == kind}


def _with_references(value: Any, references: dict[str, str]) -> Any:
    """Return the template with each reference to a created resource replaced by its value."""
    match value:
        case {"Ref": logical_id} | {"Fn::GetAtt": [logical_id, "FunctionUrl"]} if logical_id in references:
            return references[logical_id]
        case dict():
            return {name: _with_references(each, references) for name, each in value.items()}
        case list():
            return [_with_references(each, references) for each in value]
    return value
