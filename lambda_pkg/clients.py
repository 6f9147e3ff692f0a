"""AWS's own client library, imported only when it is used: that takes longer than all the rest."""

import functools
from typing import Any


@functools.cache
def client(service: str) -> Any:
    """Return the one client for an AWS service, with timeouts that leave the function time to report."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client(service, config=config)
