"""The lines of a function's log: each is one JSON object, which CloudWatch indexes."""

import json
import sys
from collections.abc import Mapping
from typing import Any


def write_line(facts: Mapping[str, Any]) -> None:
    """Write one line in one piece, because threads share the log and `print` writes the end of a line by itself."""
    sys.stdout.write(f"{json.dumps(facts)}\n")
    sys.stdout.flush()
