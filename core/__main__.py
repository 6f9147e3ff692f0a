"""`python -m core`: the command line."""

import sys

from core.command_line import run

sys.exit(run())
