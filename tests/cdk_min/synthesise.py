"""Runs the CDK app several times in one process, because its start takes most of the time: `python synthesise.py JSON`.

The JSON object holds the context and the folder of each run by name; with `bare_queue`, the stack breaks cdk-nag's
rules. cdk-nag checks every run. The output is a JSON object with the error message of each run, or null.
"""

import functools
import json
import os
import runpy
import sys
from pathlib import Path

sys.path.insert(0, os.getcwd())

import aws_cdk
import full_stack
import posting_package
import stack
from cdk_nag import AwsSolutionsChecks

real_app, real_stack = aws_cdk.App, stack.PunctualStack


class LeakyStack(real_stack):
    """The stack with a queue that breaks cdk-nag's rules."""

    def __init__(self, scope: object, options: object) -> None:
        super().__init__(scope, options)
        aws_cdk.aws_sqs.Queue(self, "Bare")


def checked_app(context: dict[str, str], **options: object) -> aws_cdk.App:
    """Return an app whose stacks cdk-nag checks. CDK read the environment's context when it started."""
    app = real_app(context=context, **options)
    aws_cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return app


def error_of(*, context: dict[str, str], folder: str, bare_queue: bool = False) -> str | None:
    """Run the app and return the message of its error, or None."""
    os.environ["CDK_OUTDIR"] = folder
    aws_cdk.App = functools.partial(checked_app, context)
    stack.PunctualStack = LeakyStack if bare_queue else real_stack
    try:
        runpy.run_path("app.py")
    except (SystemExit, RuntimeError) as error:  # jsii raises RuntimeError
        return str(error)
    return None


runs = json.loads(sys.argv[1])
builds = Path(runs["lambda"]["folder"])
full_stack.posting_package = lambda _: posting_package.posting_package(builds)  # once, because pip takes seconds
print(json.dumps({name: error_of(**run) for name, run in runs.items()}))
