"""Health checks of the AWS credentials and of this machine's clock."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

from core.aws_errors import NoCredentials, translate_aws_errors
from core.backends.aws import AwsBackend
from core.health.findings import Finding, HealthContext, bad, good, warning
from core.time.phrases import duration

TOLERATED_SKEW = timedelta(seconds=2)
"""The Date header of AWS has whole seconds."""
SERIOUS_SKEW = timedelta(seconds=60)
"""With a skew of a minute, posts are wrongly shown as late or missing."""


def check_mode(aws: AwsBackend, context: HealthContext) -> Finding:
    """Report the mode, the origin of the deployment's settings and the Region."""
    stack = context.application.settings.stack
    origin = f"the stack {stack}" if stack else "settings for each resource"
    return good(f"AWS: EventBridge Scheduler and Lambda fire, configured by {origin} in {aws.deployment.region}.")


def check_identity(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the credentials belong to the deployment's account."""
    with translate_aws_errors():
        credentials = aws.session.get_credentials()
        if credentials is None:
            raise NoCredentials("Unable to locate credentials.")
        caller = aws.quick_client("sts").get_caller_identity()
    message = f"{caller['Arn']}, found by {credentials.method}"
    if caller["Account"] != aws.deployment.account:
        return bad(
            f"{message}: account {caller['Account']}, but the relay is in {aws.deployment.account}.",
            "Set AWS_PROFILE to a profile of the deployment's account.",
        )
    return good(f"{message}.")


def check_clock(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check this machine's clock against the Date header of an AWS response.

    AWS wrote the header between the request and the response. The skew is the header's distance from that interval.
    """
    with translate_aws_errors():
        sent_at = context.application.clock()
        response = aws.quick_client("sts").get_caller_identity()
        received_at = context.application.clock()
    aws_time = parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"])
    skew = max(sent_at - aws_time, timedelta()) or min(received_at - aws_time, timedelta())
    if abs(skew) <= TOLERATED_SKEW:
        return good("This machine's clock agrees with AWS's.")
    direction = "ahead of" if skew > timedelta() else "behind"
    message = f"This machine's clock is {duration(skew)} {direction} AWS's."
    remedy = "Set the clock, for example: timedatectl set-ntp true."
    return bad(message, remedy) if abs(skew) >= SERIOUS_SKEW else warning(message, remedy)


CHECKS = {"Mode": check_mode, "Identity": check_identity, "Clock": check_clock}
