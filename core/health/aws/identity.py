"""Who Punctual is to AWS, and whether both agree on the time."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

from core.aws_errors import NoCredentials, translated
from core.backends.aws import Aws
from core.health.findings import Finding, Visit, bad, good, warning
from core.time.phrases import span

SLIGHT = timedelta(seconds=2)
"""AWS tells the time in whole seconds."""
SERIOUS = timedelta(seconds=60)
"""A minute off, a post is called late or missing when it is not."""


def mode(aws: Aws, visit: Visit) -> Finding:
    """Say who fires."""
    stack = visit.application.settings.stack
    whence = f"the stack {stack}" if stack else "the parts that are set one by one"
    return good(f"AWS: EventBridge Scheduler and Lambda fire, by {whence} in {aws.deployment.region}.")


def identity(aws: Aws, visit: Visit) -> Finding:
    """Whose credentials are in use, and where boto3 found them."""
    with translated():
        credentials = aws.session.get_credentials()
        if credentials is None:
            raise NoCredentials("Unable to locate credentials.")
        caller = aws.brief_client("sts").get_caller_identity()
    found = f"{caller['Arn']}, by {credentials.method}"
    if caller["Account"] != aws.deployment.account:
        return bad(
            f"{found}: account {caller['Account']}, but the relay is in {aws.deployment.account}.",
            "Set AWS_PROFILE to a profile of the account that the stack was deployed to.",
        )
    return good(f"{found}.")


def clock(aws: Aws, visit: Visit) -> Finding:
    """How far this machine's clock is off, by the Date header of an answer of AWS.

    AWS wrote it at some instant between the question and its answer, which may be seconds apart.
    """
    with translated():
        asked = visit.application.clock()
        answer = aws.brief_client("sts").get_caller_identity()
        answered = visit.application.clock()
    told = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    skew = max(asked - told, timedelta()) or min(answered - told, timedelta())
    if abs(skew) <= SLIGHT:
        return good("This machine's clock agrees with AWS's.")
    way = "ahead of" if skew > timedelta() else "behind"
    finding, remedy = (
        f"This machine's clock is {span(skew)} {way} AWS's.",
        "Set it, for instance: timedatectl set-ntp true.",
    )
    return bad(finding, remedy) if abs(skew) >= SERIOUS else warning(finding, remedy)


LOOKS = {"Mode": mode, "Identity": identity, "Clock": clock}
