"""AWS clients of the functions. Only modules that run on AWS import this one, because importing boto3 takes long."""

import functools
from typing import Any

import boto3
from botocore.config import Config


@functools.cache
def client(service: str) -> Any:
    """Return the shared client for an AWS service. Its timeouts leave the function time to report a failure."""
    config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return boto3.client(service, config=config)
