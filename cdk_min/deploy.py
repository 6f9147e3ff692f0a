"""Deploys or deletes the stack by one command, on a machine with Python 3.11 or later and nothing else.

    python3 cdk_min/deploy.py deploy [--profile NAME] [--region NAME] [posting_url=https://... ...] [--revert-drift]
    python3 cdk_min/deploy.py destroy [--profile NAME] [--region NAME] [--yes] [stack=NAME]

A word name=value is a context value of the stack (README.md); another word is an option of `cdk deploy`. `make deploy`
and `make destroy` run this program.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - whatever python3 is starts this program
    sys.exit("Punctual needs Python 3.11 or later. Name one: make deploy PYTHON=python3.12")

import argparse
import json
import os
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from report import count_of, report
from toolchain import ENVIRONMENT, FOLDER, CannotDeploy, Toolchain, prepare_toolchain

REPOSITORY = FOLDER.parent
DASHBOARD_PYTHON = REPOSITORY / ".venv" / "bin" / "python"
"""The dashboard's environment. It has boto3, and the command that stores the signing secret."""
AWS_IS_CHANGED = ": creating CloudFormation changeset"
"""What the cdk command prints before it asks CloudFormation to change the stack."""
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""The variables that take precedence over AWS_PROFILE."""
KEPT = {
    "TableName": "the table with plans and results,",
    "MediaBucketName": "the bucket with pictures and videos,",
    "AccountsPath": "the connected accounts in Parameter Store below",
}
"""What outlives the stack, by the output that names it."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asked for. `context` holds the stack's options, `options` those of `cdk deploy`."""

    profile: str
    region: str
    context: dict[str, str]
    options: tuple[str, ...]

    @property
    def stack(self) -> str:
        """The stack's name."""
        return str(self.whole_context.get("stack") or "Punctual")

    @property
    def whole_context(self) -> dict[str, Any]:
        """The context of the command line, and that of cdk.json, which gives way to it."""
        return {**json.loads((FOLDER / "cdk.json").read_text()).get("context", {}), **self.context}

    @property
    def variables(self) -> dict[str, str]:
        """The environment of every command. A named profile wins over keys in the environment, as with the AWS CLI."""
        kept = {name: value for name, value in os.environ.items() if not (self.profile and name in KEYS)}
        region = self.region or kept.get("AWS_DEFAULT_REGION") or kept.get("AWS_REGION") or ""
        named = {"AWS_PROFILE": self.profile, "AWS_DEFAULT_REGION": region, "AWS_REGION": region}
        return kept | {name: value for name, value in named.items() if value}

    @property
    def context_options(self) -> list[str]:
        """The context as options of the cdk command."""
        return [word for name, value in self.context.items() for word in ("-c", f"{name}={value}")]


@dataclass(frozen=True, kw_only=True)
class StackToDelete:
    """A stack that exists: `where` it is, in words, and its outputs."""

    where: str
    outputs: Mapping[str, str]


def deploy(request: Request) -> None:
    """Deploy the stack, store the signing secret, and print what to do next. Raises CannotDeploy."""
    found = ask(request, "stack", request.stack)
    where = f"stack {request.stack}, account {found['account']}, {found['region']}"
    print(f"Deploying {where}", flush=True)
    _check_state(request, found["status"] or "")
    _say_if_created_again(request, found["status"] or "")
    _check_that_nothing_is_forgotten(request, found["outputs"])
    here = request.variables | {"AWS_REGION": found["region"], "AWS_DEFAULT_REGION": found["region"]}
    tools = prepare_toolchain()
    if found["bootstrapped"] is False:
        _bootstrap(tools, f"aws://{found['account']}/{found['region']}", here)
    command = ["deploy", request.stack, "--require-approval", "never", "--outputs-file", "cdk.out/outputs.json"]
    finished = tools.cdk([*command, *request.context_options, *request.options], here)
    if finished.status:
        raise CannotDeploy(_deployment_failure(request, finished.output))
    outputs = json.loads((FOLDER / "cdk.out" / "outputs.json").read_text())[request.stack]
    _store_secret(request, here)
    print(f"\nDeployed: {where}\n\n{_report(request, found['region'], outputs)}")


def find_stack_to_delete(request: Request) -> StackToDelete:
    """Return the stack of the request. Raises CannotDeploy if there is none."""
    found = ask(request, "stack", request.stack)
    where = f"stack {request.stack}, account {found['account']}, {found['region']}"
    if found["status"] is None:
        raise CannotDeploy(f"There is no {where}. Name another: make destroy REGION=... ARGS=stack=...")
    return StackToDelete(where=where, outputs=found["outputs"])


def say_what_is_deleted(request: Request, stack: StackToDelete) -> None:
    """Print what the deletion of a stack takes with it, and what stays. Raises CannotDeploy."""
    outputs = stack.outputs
    posts = ask(request, "posts", outputs["GroupName"]) if "GroupName" in outputs else {"count": 0, "more": False}
    print(f"This deletes the {stack.where}.")
    uncounted = "more than " if posts["more"] else ""
    print(f"With it goes every scheduled post: {uncounted}{count_of(posts['count'], 'post')}. Nobody publishes them.")
    stays = [f"{name} {outputs[output]}" for output, name in KEPT.items() if output in outputs]
    for each in [*stays, "this machine's home, with its ledger, drafts and pictures"]:
        print(f"  stays: {each}")


def confirm_deletion(request: Request) -> None:
    """Ask for the stack's name. Raises CannotDeploy unless it is typed."""
    try:
        typed = input(f"Type the stack's name ({request.stack}) to delete it: ").strip()
    except EOFError:
        raise CannotDeploy("Nothing was deleted: no name was typed. Without a terminal: make destroy YES=1") from None
    if typed != request.stack:
        raise CannotDeploy("Nothing was deleted.")


def destroy(request: Request, stack: StackToDelete) -> None:
    """Delete a stack and its signing secret. Raises CannotDeploy."""
    print("Deleting, which takes a minute or two", flush=True)
    status = ask(request, "delete", request.stack)
    if status != "DELETE_COMPLETE":
        reason = ask(request, "failure", request.stack)
        raise CannotDeploy(f"The stack is in state {status}. {reason}. Correct the cause, then repeat the command.")
    if parameter := stack.outputs.get("SigningSecretParameter"):
        ask(request, "forget", parameter)
    print(f"\nDeleted: {stack.where}")


def ask(request: Request, question: str, argument: str) -> Any:
    """Return the answer of aws_account.py. Raises CannotDeploy with its message."""
    if not DASHBOARD_PYTHON.exists():
        raise CannotDeploy("The dashboard is not installed here. Run: make deploy, which installs it first.")
    asked = subprocess.run(
        [str(DASHBOARD_PYTHON), str(FOLDER / "aws_account.py"), question, argument],
        env=request.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise CannotDeploy(asked.stderr.strip())
    return json.loads(asked.stdout)


def _check_state(request: Request, status: str) -> None:
    """Raise CannotDeploy if CloudFormation refuses an update of a stack in this state."""
    if status.endswith("_IN_PROGRESS") and not status.endswith("_CLEANUP_IN_PROGRESS"):
        raise CannotDeploy(
            f"The stack is in state {status}: AWS is still working on it. Wait, then repeat the command."
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        raise CannotDeploy(
            f"The stack is in state {status}: {ask(request, 'failure', request.stack)}. Correct the cause, run: "
            f"aws cloudformation continue-update-rollback --stack-name {request.stack}, then repeat the command."
        )
    if status == "DELETE_FAILED":
        raise CannotDeploy(
            f"The stack is in state {status}: {ask(request, 'failure', request.stack)}. Correct the cause, run: "
            "make destroy, then repeat the command."
        )


def _say_if_created_again(request: Request, status: str) -> None:
    """Print why the first deployment failed, if the cdk command deletes the stack for it and creates it again."""
    if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"):
        print(f"The first deployment failed: {ask(request, 'failure', request.stack)}")
        print(f"The stack is in state {status}, so it is deleted and created again.", flush=True)


def _check_that_nothing_is_forgotten(request: Request, outputs: Mapping[str, str]) -> None:
    """Raise CannotDeploy if a deployed context value is left out, because an update without it removes what it made."""
    deployed: dict[str, str] = json.loads(outputs.get("ContextValues", "{}"))
    forgotten = [name for name in deployed if name not in request.whole_context]
    if forgotten:
        words = " ".join(shlex.quote(f"{name}={value}") for name, value in {**deployed, **request.context}.items())
        raise CannotDeploy(
            f"The deployed stack has {' and '.join(forgotten)}, which this command leaves out. Repeat all values: "
            f'make deploy ARGS="{words}". To remove one on purpose, leave it empty: {forgotten[0]}='
        )


def _bootstrap(tools: Toolchain, target: str, variables: Mapping[str, str]) -> None:
    print(f"Bootstrapping {target}, once per account and region", flush=True)
    finished = tools.cdk(["bootstrap", target], variables, ENVIRONMENT)  # where no cdk.json makes it run the app
    if finished.status:
        if "AccessDenied" in finished.output or "not authorized" in finished.output:
            raise CannotDeploy(
                f"These credentials may not bootstrap. Let an administrator of the account run once: "
                f"npx aws-cdk@2 bootstrap {target}. Then repeat the command."
            )
        raise CannotDeploy("cdk bootstrap failed. Its message is above. Correct the cause, then repeat the command.")


def _deployment_failure(request: Request, output: str) -> str:
    """Return the cause and the remedy. AWS has a reason of this deployment only if the cdk command came to it."""
    reason = ask(request, "failure", request.stack) if AWS_IS_CHANGED in output else None
    cause = f"AWS reports: {reason}" if reason else "The message of the cdk command is above"
    return f"The stack {request.stack} was not changed as asked. {cause}. Correct the cause, then repeat the command."


def _store_secret(request: Request, variables: Mapping[str, str]) -> None:
    """Store the signing secret of this home for the relay. The value is in no command line and in no output."""
    command = [str(DASHBOARD_PYTHON), "-m", "core", "store-secret"]
    stack = {"PUNCTUAL_MODE": "aws", "PUNCTUAL_STACK": request.stack}
    print(flush=True)
    if subprocess.run(command, cwd=REPOSITORY, env=dict(variables) | stack, check=False).returncode:
        raise CannotDeploy(
            "The stack is deployed, but the signing secret is not stored, so no post can go out. The message is above. "
            "Correct the cause, then repeat the command."
        )


def _report(request: Request, region: str, outputs: Mapping[str, str]) -> str:
    return report(
        kinds=[kind for kind, _ in ask(request, "resources", request.stack)],
        concurrency=ask(request, "concurrency", ""),
        outputs=outputs,
        variables={
            **({"AWS_PROFILE": request.profile} if request.profile else {}),
            "AWS_DEFAULT_REGION": region,
            "PUNCTUAL_MODE": "aws",
            "PUNCTUAL_STACK": request.stack,
        },
    )


def read_request(words: Iterable[str], *, profile: str, region: str) -> Request:
    """Sort the words into context values and options of the cdk command. Raises CannotDeploy."""
    context, options = {}, []
    try:
        split = [word for argument in words for word in shlex.split(argument)]
    except ValueError as error:
        raise CannotDeploy(f"ARGS cannot be read: {error}. Close each quotation mark.") from error
    for word in split:
        name, equals, value = word.partition("=")
        if word.startswith("-"):
            options.append(word)
        elif equals and name.isidentifier():
            context[name] = value
        else:
            raise CannotDeploy(f"{word} is not name=value. For example: posting_url=https://posts.example.org/publish")
    return Request(profile=profile, region=region, context=context, options=tuple(options))


def main(arguments: list[str]) -> None:
    """Run the program. A fault ends it with its cause and its remedy."""
    parser = argparse.ArgumentParser(prog="deploy.py", description="Deploy or delete the stack.", allow_abbrev=False)
    parser.add_argument("command", choices=["deploy", "destroy"])
    parser.add_argument("--profile", default="", help="a profile of the AWS CLI")
    parser.add_argument("--region", default="", help="a region, such as eu-central-1")
    parser.add_argument("--yes", action="store_true", help="destroy without a question")
    known, words = parser.parse_known_args(arguments)
    try:
        request = read_request(words, profile=known.profile, region=known.region)
        if known.command == "deploy":
            deploy(request)
        else:
            stack = find_stack_to_delete(request)
            say_what_is_deleted(request, stack)
            if not known.yes:
                confirm_deletion(request)
            destroy(request, stack)
    except CannotDeploy as fault:
        sys.exit(str(fault))
    except KeyboardInterrupt:
        sys.exit("Interrupted. AWS may still be working on the stack; repeat the command when it has finished.")


if __name__ == "__main__":
    main(sys.argv[1:])
