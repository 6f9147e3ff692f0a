"""Health check of the size of the deployment: what a small one lacks."""

from datetime import timedelta

from core.backends.aws import AwsBackend
from core.health.findings import Finding, HealthContext, good
from core.maintenance.unreported_posts import REPORTED_WITHIN


def check_deployment_size(aws: AwsBackend, context: HealthContext) -> Finding:
    """Say where results come from, and what happens to a post that cannot be delivered."""
    if not aws.deployment.is_small:
        return good("Full: results are in the table, and a failed post is delivered again every 15 minutes.")
    minutes = REPORTED_WITHIN // timedelta(minutes=1)
    function = "relay" if aws.functions.is_relay else "function"
    return good(
        f"Small: the {function} reports no results. They come from this home's own posting server (python -m core"
        " receive). After Lambda's two retries a post is not delivered again, and no dead letter keeps it."
        f" A post without a result {minutes} minutes after its time becomes unconfirmed in History."
    )


CHECKS = {"Deployment size": check_deployment_size}
