"""Health checks of the data on AWS: the ledger's table, the signing secret and the media bucket."""

from core.aws_errors import AwsResourceNotFound, translate_aws_errors
from core.backends.aws import AwsBackend
from core.health.aws.remedies import DEPLOY
from core.health.findings import Finding, HealthContext, bad, good, warning
from core.storage.home import is_signing_secret
from core.time.phrases import plural

UNUSED_REFERENCE = "0" * 64
"""A media reference that no file has."""


def check_ledger_table(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the ledger's table exists."""
    name = aws.deployment.table
    if name is None:
        return warning(
            "The ledger is on this machine: other dashboards and the relay do not share it.",
            "Set PUNCTUAL_STACK or PUNCTUAL_TABLE to share it.",
        )
    try:
        with translate_aws_errors():
            status = aws.quick_client("dynamodb").describe_table(TableName=name)["Table"]["TableStatus"]
    except AwsResourceNotFound:
        return bad(f"There is no table {name}.", DEPLOY)
    return good(f"{name} exists.") if status in ("ACTIVE", "UPDATING") else bad(f"{name} is {status}.", DEPLOY)


def check_signing_secret(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the signing secrets are usable, without showing them."""
    try:
        secrets = aws.signing_secrets()
    except AwsResourceNotFound:
        return bad("The signing secret does not exist: no request can be signed.", DEPLOY)
    if not secrets or not all(map(is_signing_secret, secrets)):
        return bad(
            "The stored signing secret is invalid: no request can be signed.", "Store base64, or whsec_ and base64."
        )
    return good(f"Present: {plural(len(secrets), 'secret')}.")


def check_media_bucket(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the media bucket exists, if the deployment names one."""
    bucket = aws.deployment.media_bucket
    if bucket is None:
        return good("Pictures and videos are stored on this machine; the posting server must run here too.")
    try:
        context.application.media.exists(UNUSED_REFERENCE)
    except AwsResourceNotFound:
        return bad(f"There is no bucket {bucket}.", DEPLOY)
    return good(f"Pictures and videos are stored in {bucket}.")


CHECKS = {
    "Ledger table": check_ledger_table,
    "Signing secret": check_signing_secret,
    "Media": check_media_bucket,
}
