"""AWS clients, made on first use because importing boto3 takes longer than all other work of the function."""

import functools
from typing import Any


@functools.cache
def client(service: str) -> Any:
    """Return the shared client for an AWS service. Its timeouts leave the function time to report a failure."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client(service, config=config)
