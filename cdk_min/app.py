"""Synthesise the stack, by the cdk command or by `python app.py`; no credentials are needed for it."""

import os

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks
from stack import PunctualStack

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"), analytics_reporting=False)
PunctualStack(app, app.node.try_get_context("stack") or "Punctual")
Validations.of(app).add_plugins(AwsSolutionsChecks(app))
app.synth()
