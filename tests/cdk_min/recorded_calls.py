"""The calls of boto3 clients, and the IAM requests for which AWS asks whether they are allowed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.cdk_min.conftest import ACCOUNT, REGION

LAMBDA_NAMES = {"Invoke": "InvokeFunction"}
SQS_NAMES = {"ChangeMessageVisibilityBatch": "ChangeMessageVisibility"}
"""The actions of operations whose names differ from their actions."""
WITHOUT_RESOURCE = {
    "cloudwatch:GetMetricStatistics",
    "lambda:GetAccountSettings",
    "lambda:ListEventSourceMappings",
    "scheduler:ListSchedules",
    "servicequotas:ListServiceQuotas",
    "ssm:DescribeParameters",
}
"""The actions that a policy can only allow on every resource."""


@dataclass(frozen=True, kw_only=True)
class IamRequest:
    """One question to IAM: an action, the resource that the call names, and the keys that conditions may ask for."""

    principal: str
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


@dataclass
class CallRecorder:
    """Records the calls of all clients made from now on, while it has a principal."""

    principal: str | None = None
    calls: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)
    """The principal, the service, the operation and the parameters of each call."""

    def __call__(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        """Handle botocore's before-parameter-build event."""
        if self.principal is not None:
            self.calls.append((self.principal, model.service_model.service_name, model.name, dict(params)))

    def requests(self) -> set[IamRequest]:
        """Return the IAM requests of the calls."""
        return {
            IamRequest(principal=principal, action=action, resource=resource, context=tuple(sorted(context.items())))
            for principal, service, operation, parameters in self.calls
            for action, resource, context in accesses(service.replace("-", ""), operation, parameters)
        }


def accesses(service: str, operation: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield the action, the resource and the condition keys of each question that AWS asks IAM about a call.

    Sources: AWS's service authorization reference; for the stack by name, CloudFormation's error messages.
    """
    action = f"{service}:{operation}"
    if action in WITHOUT_RESOURCE:
        yield action, "*", {}
        return
    match service:
        case "cloudformation":
            yield action, _arn(service, f"stack/{parameters['StackName']}/*"), {}
        case "scheduler":
            yield from _scheduler(action, parameters)
        case "lambda":
            qualifier = f":{parameters['Qualifier']}" if "Qualifier" in parameters else ""
            yield f"lambda:{LAMBDA_NAMES.get(operation, operation)}", parameters["FunctionName"] + qualifier, {}
        case "dynamodb":
            yield from _dynamodb(operation, parameters)
        case "s3":
            yield from _s3(operation, parameters)
        case "sqs":
            queue = parameters["QueueUrl"].rsplit("/", 1)[-1]
            yield f"sqs:{SQS_NAMES.get(operation, operation)}", _arn(service, queue), {}
        case "ssm":
            names = parameters.get("Names") or [parameters.get("Path") or parameters["Name"]]
            for name in names:
                yield action, _arn(service, f"parameter{name}"), {}
        case "iam":
            role = parameters.get("PolicySourceArn") or f"arn:aws:iam::{ACCOUNT}:role/{parameters['RoleName']}"
            yield action, role, {}
        case "sts":
            assert operation == "GetCallerIdentity"  # it needs no permission
        case _:
            raise AssertionError(f"Add the resource of {action}.")


def _scheduler(action: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    if action == "scheduler:GetScheduleGroup":
        yield action, _arn("scheduler", f"schedule-group/{parameters['Name']}"), {}
        return
    yield action, _arn("scheduler", f"schedule/{parameters['GroupName']}/{parameters['Name']}"), {}
    if "Target" in parameters:
        yield "iam:PassRole", parameters["Target"]["RoleArn"], {"iam:PassedToService": "scheduler.amazonaws.com"}


def _dynamodb(operation: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    match operation:
        case "BatchGetItem":
            for table in parameters["RequestItems"]:
                yield "dynamodb:BatchGetItem", _arn("dynamodb", f"table/{table}"), {}
        case "TransactWriteItems":
            for item in parameters["TransactItems"]:
                ((kind, write),) = item.items()
                action = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
                yield f"dynamodb:{action}", _arn("dynamodb", f"table/{write['TableName']}"), {}
        case _:
            index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
            yield f"dynamodb:{operation}", _arn("dynamodb", f"table/{parameters['TableName']}{index}"), {}


def _s3(operation: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    bucket = f"arn:aws:s3:::{parameters['Bucket']}"
    match operation:
        case "ListObjectsV2":
            yield "s3:ListBucket", bucket, {"s3:prefix": parameters["Prefix"]}
        case "CopyObject":
            yield "s3:GetObject", f"arn:aws:s3:::{parameters['CopySource']}", {}
            yield "s3:PutObject", f"{bucket}/{parameters['Key']}", {}
        case _:
            yield f"s3:{operation}", f"{bucket}/{parameters['Key']}", {}


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
