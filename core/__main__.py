"""The command line: `python -m core`."""

import sys

from core.cli.main import run

sys.exit(run())
