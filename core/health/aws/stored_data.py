"""Health checks of the data on AWS: the ledger's table, the signing secret and the media bucket."""

from core.aws_errors import AccessDenied, AwsResourceNotFound, translate_aws_errors
from core.backends.aws import AwsBackend
from core.backends.stored_secret import fingerprints, read_stored
from core.health.aws.remedies import DEPLOY
from core.health.findings import Finding, HealthContext, bad, good, unknown, warning
from core.storage.home import is_signing_secret
from core.time.phrases import plural
from lambda_pkg.signing_secret import not_stored

UNUSED_REFERENCE = "0" * 64
"""A media reference that no file has."""
STORE = "python -m core store-secret"
MAX_OCCURRENCES = 20
"""The latest occurrences whose receipts are looked at for a missing secret."""


def check_ledger_table(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the ledger's table exists."""
    name = aws.deployment.table
    if name is None:
        return good("None in this deployment: the ledger is on this machine, and other dashboards do not share it.")
    try:
        with translate_aws_errors():
            status = aws.quick_client("dynamodb").describe_table(TableName=name)["Table"]["TableStatus"]
    except AwsResourceNotFound:
        return bad(f"There is no table {name}.", DEPLOY)
    return good(f"{name} exists.") if status in ("ACTIVE", "UPDATING") else bad(f"{name} is {status}.", DEPLOY)


def check_signing_secret(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the home's signing secrets are usable, and stored for the functions, without reading those."""
    secrets = aws.signing_secrets()
    if not secrets or not all(map(is_signing_secret, secrets)):
        return bad(
            "The signing secret of this home is not valid: no request can be signed.",
            "Delete the file signing-secret in the data folder, or correct PUNCTUAL_SIGNING_SECRET.",
        )
    present, parameter = f"Present: {plural(len(secrets), 'secret')}", aws.deployment.signing_secret_parameter
    if parameter is None:
        return good(f"{present}, on this machine only.")
    try:
        stored = read_stored(aws.quick_client("ssm"), parameter)
    except AccessDenied as error:
        if _is_reported_missing(context, parameter):
            return _not_stored(parameter)
        return unknown(f"{present}. AWS does not say whether it is stored in {parameter}: {error}", error.hint)
    if stored is None:
        return _not_stored(parameter)
    if stored.fingerprints and stored.fingerprints != fingerprints(secrets):
        return warning(
            f"{parameter} does not hold the signing secrets of this home: its posting server may reject the relay.",
            f"If this home receives the posts, run {STORE}; else copy the file signing-secret of the home that does.",
        )
    return good(f"{present}, stored in {parameter}.")


def _not_stored(parameter: str) -> Finding:
    return bad(
        f"The signing secret {parameter} is not stored: the relay cannot sign, so no post goes out.", f"Run {STORE}."
    )


def _is_reported_missing(context: HealthContext, parameter: str) -> bool:
    """Return whether the relay reported with one of the latest posts that the secret is not stored."""
    latest = context.application.ledger.history(after=None, limit=MAX_OCCURRENCES)
    reasons = [str(receipt.detail.get("reason")) for each in latest for receipt in each.receipts]
    return any(reason.startswith(not_stored(parameter)) for reason in reasons)


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
