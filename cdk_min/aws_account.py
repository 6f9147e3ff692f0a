"""What deploy.py asks of AWS, as JSON: `python aws_account.py QUESTION [ARGUMENT]`, with the Python that has boto3.

The credentials and the region come from the environment and from the files of the AWS CLI. A fault ends the program
with its cause and remedy on stderr.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidRegionError,
    LoginError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    WaiterError,
)

BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"
"""The parameter in which `cdk bootstrap` stores its version."""
LEAST_BOOTSTRAP = 6
"""The version from which on bootstrapped roles and buckets take the stack's assets."""
DELETION_WAIT = {"Delay": 3, "MaxAttempts": 600}
"""Half an hour, in seconds between looks and in looks."""
MAX_COUNTED = 10_000
"""The most schedules that are counted: about a hundred requests."""

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_REJECTED = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure"}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_SIGN_IN = "Sign in again (for example: aws sso login), then repeat the command."


class AwsAccount:
    """One account and region. Each method answers one question; raises botocore's errors."""

    def __init__(self, session: boto3.Session) -> None:
        """Store the session. Raises NoRegionError if it has no region."""
        if session.region_name is None:
            raise NoRegionError
        self._session = session

    def stack(self, name: str) -> dict[str, Any]:
        """Return where this is, whether it is bootstrapped, and the stack's state and outputs: None and {} without it.

        Whether it is bootstrapped is None if these credentials may not know.
        """
        identity = self._session.client("sts").get_caller_identity()
        found = self._description(name)
        return {
            "account": identity["Account"],
            "region": self._session.region_name,
            "bootstrapped": self._bootstrapped(),
            "status": found.get("StackStatus"),
            "outputs": {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])},
        }

    def resources(self, name: str) -> list[list[str]]:
        """Return the type and the id of each resource of the stack, in the order of both."""
        found = self._session.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
        ids = ([each["ResourceType"], each.get("PhysicalResourceId", "")] for each in found)
        return sorted(each for each in ids if each[0] != "AWS::CDK::Metadata")

    def concurrency(self, _: str) -> int | None:
        """Return how many functions the account runs at once, or None if these credentials may not know."""
        try:
            limits = self._session.client("lambda").get_account_settings()["AccountLimit"]
        except ClientError as error:
            if _code(error) in _DENIED:
                return None
            raise
        return int(limits["UnreservedConcurrentExecutions"])

    def posts(self, group: str) -> dict[str, Any]:
        """Return the number of schedules of a group, at most MAX_COUNTED, and whether there are more.

        Without such a group, there are none.
        """
        pages = self._session.client("scheduler").get_paginator("list_schedules")
        listed = pages.paginate(GroupName=group, PaginationConfig={"MaxItems": MAX_COUNTED + 1, "PageSize": 100})
        try:
            count = sum(len(page["Schedules"]) for page in listed)
        except ClientError as error:
            if _code(error) != "ResourceNotFoundException":
                raise
            count = 0
        return {"count": min(count, MAX_COUNTED), "more": count > MAX_COUNTED}

    def failure(self, name: str) -> str | None:
        """Return the first fault of the stack's last operation, or None if there is none."""
        if not self._description(name):
            return None
        found = None
        for event in self._session.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]:
            reason, status = event.get("ResourceStatusReason", ""), event["ResourceStatus"]
            if status.endswith("_FAILED") and "cancelled" not in reason:
                found = f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"  # events: newest first
            if event["ResourceType"] == "AWS::CloudFormation::Stack" and reason == "User Initiated":
                break
        return found

    def delete(self, name: str) -> str:
        """Delete the stack, wait for the end, and return its last state: DELETE_COMPLETE unless AWS failed."""
        cloudformation = self._session.client("cloudformation")
        stack = self._description(name)["StackId"]  # a deleted stack is found by its id only
        cloudformation.delete_stack(StackName=stack)
        try:
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=DELETION_WAIT)
        except WaiterError as error:
            return str(error.last_response["Stacks"][0]["StackStatus"])
        return "DELETE_COMPLETE"

    def forget(self, parameter: str) -> bool:
        """Delete a parameter; return whether it existed."""
        ssm = self._session.client("ssm")
        return bool(ssm.delete_parameters(Names=[parameter])["DeletedParameters"])

    def _description(self, name: str) -> Mapping[str, Any]:
        """Return the description of a stack by its name, {} if there is none."""
        try:
            found: Mapping[str, Any] = self._session.client("cloudformation").describe_stacks(StackName=name)
        except ClientError as error:
            if _code(error) == "ValidationError":
                return {}
            raise
        return dict(found["Stacks"][0])

    def _bootstrapped(self) -> bool | None:
        ssm = self._session.client("ssm")
        try:
            version = ssm.get_parameter(Name=BOOTSTRAP_VERSION)["Parameter"]["Value"]
        except ClientError as error:
            if _code(error) == "ParameterNotFound":
                return False
            if _code(error) in _DENIED:
                return None
            raise
        return int(version) >= LEAST_BOOTSTRAP


def remedy(error: BotoCoreError | ClientError) -> str:
    """Return the cause of a fault and what to do about it. It holds no credentials."""
    if isinstance(error, ClientError):
        return _remedy_of_answer(error)
    if isinstance(error, NoRegionError | InvalidRegionError):
        return "No region is chosen. Name one: make deploy REGION=eu-central-1, or run: aws configure"
    if isinstance(error, ProfileNotFound):
        return f"{error}. Correct PROFILE, or create the profile: aws configure --profile NAME"
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return "No AWS credentials are found. Run: aws configure, or name a profile: make deploy PROFILE=NAME"
    if isinstance(error, SSOError | LoginError | TokenRetrievalError | CredentialRetrievalError):
        return f"The AWS sign-in has no valid token: {error}. {_SIGN_IN}"
    if isinstance(error, EndpointConnectionError | HTTPClientError):
        return f"AWS cannot be reached: {error}. Check this machine's network and the region's name."
    return f"{error}. Check the settings of the AWS CLI: aws configure list"


def _remedy_of_answer(error: ClientError) -> str:
    details = error.response.get("Error", {})
    message = f"{error.operation_name}: {details.get('Message') or details.get('Code')}"
    if _code(error) in _EXPIRED:
        return f"The AWS token has expired, or this machine's clock is wrong. {_SIGN_IN}"
    if _code(error) in _REJECTED:
        return f"AWS rejects these credentials. {message}. Correct them: aws configure, or PROFILE=NAME"
    if _code(error) in _DENIED:
        return f"These credentials lack a permission. {message}. Use an identity that may deploy: PROFILE=NAME"
    return f"{message}. Repeat the command in a minute."


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


QUESTIONS: dict[str, Callable[[AwsAccount, str], Any]] = {
    "stack": AwsAccount.stack,
    "resources": AwsAccount.resources,
    "concurrency": AwsAccount.concurrency,
    "posts": AwsAccount.posts,
    "delete": AwsAccount.delete,
    "failure": AwsAccount.failure,
    "forget": AwsAccount.forget,
}

if __name__ == "__main__":
    try:
        answer = QUESTIONS[sys.argv[1]](AwsAccount(boto3.Session()), sys.argv[2])
    except (BotoCoreError, ClientError) as fault:
        sys.exit(remedy(fault))
    print(json.dumps(answer))
