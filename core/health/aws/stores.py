"""What is kept on AWS: the ledger's table and the signing secret."""

from core.aws_errors import PartGone, translated
from core.backends.aws import Aws
from core.health.aws.role import DEPLOY
from core.health.findings import Finding, Visit, bad, good, warning
from core.storage.home import is_signing_secret
from core.time.phrases import counted

NONE = "0" * 64
"""A reference that no picture has."""


def table(aws: Aws, visit: Visit) -> Finding:
    """Whether the ledger's table is there."""
    name = aws.deployment.table
    if name is None:
        return warning(
            "The ledger is on this machine: no other dashboard sees it, nor does the relay's own record.",
            "Set PUNCTUAL_STACK or PUNCTUAL_TABLE to share it.",
        )
    try:
        with translated():
            status = aws.brief_client("dynamodb").describe_table(TableName=name)["Table"]["TableStatus"]
    except PartGone:
        return bad(f"There is no table {name}.", DEPLOY)
    return good(f"{name} is there.") if status in ("ACTIVE", "UPDATING") else bad(f"{name} is {status}.", DEPLOY)


def signing_secret(aws: Aws, visit: Visit) -> Finding:
    """Whether requests can be signed and verified; the secret itself is never told."""
    try:
        secrets = aws.signing_secrets()
    except PartGone:
        return bad("The signing secret is not there: nothing can be signed.", DEPLOY)
    if not secrets or not all(map(is_signing_secret, secrets)):
        return bad(
            "What is stored is no signing secret: nothing can be signed.", "Store base64, with or without whsec_."
        )
    return good(f"Present: {counted(len(secrets), 'secret')}.")


def pictures(aws: Aws, visit: Visit) -> Finding:
    """Whether pictures and videos can be kept where the posting server finds them."""
    bucket = aws.deployment.media_bucket
    if bucket is None:
        return good("Pictures are kept on this machine, for a posting server on it.")
    try:
        visit.application.media.exists(NONE)
    except PartGone:
        return bad(f"There is no bucket {bucket}.", DEPLOY)
    return good(f"Pictures are kept in {bucket}.")


LOOKS = {
    "Ledger's table": table,
    "Signing secret": signing_secret,
    "Pictures": pictures,
}
