"""Errors that are no property of one post: the next post would fail in the same way."""

from core.aws_errors import AwsUnavailable, CredentialsRejected, NoCredentials

OUTAGES = (AwsUnavailable, CredentialsRejected, NoCredentials)
"""Such errors. One can also be the cause of another error."""


def is_outage(error: BaseException | None) -> bool:
    """Return whether an error or its cause is an outage."""
    return error is not None and (isinstance(error, OUTAGES) or isinstance(error.__cause__, OUTAGES))
