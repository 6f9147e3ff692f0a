"""Synthesise the stack, by the cdk command or by `python app.py`; no credentials are needed for it."""

import os
import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks
from options import Options, InvalidOption
from posting_package import PackageNotBuilt
from stack import PunctualStack

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"), analytics_reporting=False)
try:
    PunctualStack(app, Options.read(app.node.try_get_context))
except (InvalidOption, PackageNotBuilt) as error:
    sys.exit(str(error))
Validations.of(app).add_plugins(AwsSolutionsChecks(app))
app.synth()
