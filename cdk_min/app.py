"""The CDK app: synthesises the stack for the cdk command or for `python app.py`, without credentials."""

import os
import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks
from options import InvalidOption, Options
from posting_package import PackageNotBuilt
from stack import PunctualStack

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"), analytics_reporting=False)
try:
    PunctualStack(app, Options.read(app.node.try_get_context))
except (InvalidOption, PackageNotBuilt) as error:
    sys.exit(str(error))
Validations.of(app).add_plugins(AwsSolutionsChecks(app))
app.synth()
