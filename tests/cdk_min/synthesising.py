"""Runs the app several times in one process, since starting CDK takes most of the time: `python synthesising.py JSON`.

The JSON object gives each run a name, its context and its folder; with `bare_queue` the stack breaks cdk-nag's rules.
What each run ended with is printed as JSON: null, or the message of the error.
"""

import functools
import json
import os
import runpy
import sys

sys.path.insert(0, os.getcwd())

import aws_cdk
import stack

whole_app, whole_stack = aws_cdk.App, stack.PunctualStack


class LeakyStack(whole_stack):
    """The stack with a queue that nothing was said about."""

    def __init__(self, scope: object, options: object) -> None:
        super().__init__(scope, options)
        aws_cdk.aws_sqs.Queue(self, "Bare")


def ended_with(*, context: dict[str, str], folder: str, bare_queue: bool = False) -> str | None:
    """Run the app; return what ended it before its end."""
    os.environ["CDK_OUTDIR"] = folder
    aws_cdk.App = functools.partial(whole_app, context=context)  # CDK has read the variables when it was started
    stack.PunctualStack = LeakyStack if bare_queue else whole_stack
    try:
        runpy.run_path("app.py")
    except (SystemExit, RuntimeError) as error:  # jsii raises the latter
        return str(error)
    return None


print(json.dumps({name: ended_with(**run) for name, run in json.loads(sys.argv[1]).items()}))
