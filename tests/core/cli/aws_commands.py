"""Runs commands of the AWS CLI in one process, because its start takes a second: `python aws_commands.py`.

Each line of the input is a JSON object with the arguments and the environment variables of a command. The response is a
line with its status, its output and its error text.
"""

import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

from awscli.clidriver import create_clidriver

environment = dict(os.environ)
for line in sys.stdin:
    command = json.loads(line)
    os.environ.clear()
    os.environ |= environment | command["variables"]
    with redirect_stdout(StringIO()) as output, redirect_stderr(StringIO()) as errors:
        status = create_clidriver().main(command["arguments"])
    print(json.dumps([status, output.getvalue(), errors.getvalue()]), flush=True)
