"""Health checks of the queues: posts to retry, and dead letters of relay and scheduler."""

from core.aws_errors import AwsResourceNotFound, translate_aws_errors
from core.backends.aws import AwsBackend
from core.health.aws.remedies import DEPLOY
from core.health.findings import Finding, HealthContext, bad, good, unknown, warning
from core.time.phrases import plural

COUNT_ATTRIBUTES = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def check_retry_queue(aws: AwsBackend, context: HealthContext) -> Finding:
    """Count the posts that wait for a retry."""
    return _count(aws, aws.deployment.failures_url, "Each one is retried. See the reasons in History.")


def check_relay_dead_letters(aws: AwsBackend, context: HealthContext) -> Finding:
    """Count the events that the relay could not read or record."""
    return _count(aws, aws.deployment.dead_letters_url, "Retry or discard each one below.")


def check_scheduler_dead_letters(aws: AwsBackend, context: HealthContext) -> Finding:
    """Count the events that the scheduler could not deliver to the relay."""
    return _count(aws, aws.deployment.undelivered_url, "Retry or discard each one below.")


def _count(aws: AwsBackend, url: str | None, remedy: str) -> Finding:
    if url is None:
        return unknown("The queue's URL is not set.", "Set PUNCTUAL_STACK, or the queue's own variable (README.md).")
    try:
        with translate_aws_errors():
            response = aws.quick_client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNT_ATTRIBUTES))
    except AwsResourceNotFound:
        return bad(f"There is no queue {url}: failed posts would be lost.", DEPLOY)
    count = sum(int(response["Attributes"].get(name, 0)) for name in COUNT_ATTRIBUTES)
    return warning(f"{plural(count, 'post')}.", remedy) if count else good("Empty.")


CHECKS = {
    "Retry queue": check_retry_queue,
    "Relay dead letters": check_relay_dead_letters,
    "Scheduler dead letters": check_scheduler_dead_letters,
}
