"""The queues of what went wrong: on its way to be tried again, or given up."""

from core.aws_errors import PartGone, translated
from core.backends.aws import Aws
from core.health.aws.role import DEPLOY
from core.health.findings import Finding, Visit, bad, good, unknown, warning
from core.time.phrases import counted

COUNTED = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


def failures(aws: Aws, visit: Visit) -> Finding:
    """How many posts wait to be tried again."""
    return _look(aws, aws.deployment.failures_url, "History has the reasons; each is tried again.")


def dead_letters(aws: Aws, visit: Visit) -> Finding:
    """What the relay could neither read nor record."""
    return _look(aws, aws.deployment.dead_letters_url, "Retry or discard each below.")


def undelivered(aws: Aws, visit: Visit) -> Finding:
    """What the scheduler could not hand to the relay."""
    return _look(aws, aws.deployment.undelivered_url, "Retry or discard each below.")


def _look(aws: Aws, url: str | None, remedy: str) -> Finding:
    if url is None:
        return unknown("The queue is not known.", "Set PUNCTUAL_STACK, or the queue's own variable (see the README).")
    try:
        with translated():
            asked = aws.brief_client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNTED))
    except PartGone:
        return bad(f"There is no queue {url}: what fails would be lost.", DEPLOY)
    count = sum(int(asked["Attributes"].get(name, 0)) for name in COUNTED)
    return warning(f"{counted(count, 'post')}.", remedy) if count else good("Empty.")


LOOKS = {"Tried again later": failures, "Given up by the relay": dead_letters, "Undelivered": undelivered}
