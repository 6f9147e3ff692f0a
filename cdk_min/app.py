"""The CDK app: synthesises the stack for the cdk command or for `python app.py`, without credentials."""

import os
import sys

from alarms import Alarms
from aws_cdk import App
from full_stack import FullStack
from options import InvalidOption, Options
from posting_package import PackageNotBuilt
from stack import PunctualStack

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"), analytics_reporting=False)
try:
    options = Options.read(app.node.try_get_context)
    stack = FullStack(app, options) if options.full else PunctualStack(app, options)
except (InvalidOption, PackageNotBuilt) as error:
    sys.exit(str(error))
if options.alarm_email:
    stack.watch(Alarms(stack, "Alarms", options.alarm_email))
app.synth()
