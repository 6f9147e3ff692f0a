"""The command line: `python -m core`."""

import gc
import sys

gc.disable()  # `main` enables it: modules are no garbage, and looking for some takes a seventh of the time to load them

from core.cli.main import run  # noqa: E402

sys.exit(run())
