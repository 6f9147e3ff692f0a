"""The relay as it is deployed, and how many of it may run side by side."""

from core.aws_errors import PartGone, translated
from core.backends.aws import Aws
from core.health.aws.role import DEPLOY
from core.health.crowding import busiest_minute, narrowest, posts_due
from core.health.findings import Finding, Visit, bad, good, warning
from core.time.phrases import clock_time

LONGEST_RUN = 140
"""Seconds: it waits for up to 90, and its POST takes up to 50."""
RETRIES, LONGEST_AGE = 2, 900


def function(aws: Aws, visit: Visit) -> Finding:
    """Whether the function is there, ready, given enough time, and may run at all."""
    try:
        with translated():
            found = aws.brief_client("lambda").get_function_configuration(FunctionName=aws.target.function_arn)
    except PartGone:
        return bad(f"There is no function {aws.target.function_arn}: nothing goes out.", DEPLOY)
    if found.get("State", "Active") not in ("Active", "Inactive"):
        return bad(f"The function is in state {found['State']}: {found.get('StateReason', 'no reason given')}.", DEPLOY)
    if found["Timeout"] < LONGEST_RUN:
        return bad(
            f"It may run {found['Timeout']} s; to wait for the due instant and to post takes up to {LONGEST_RUN} s.",
            DEPLOY,
        )
    if aws.reserved(aws.target.function_arn) == 0:
        start = f"aws lambda delete-function-concurrency --function-name {found['FunctionName']}"
        return bad("Its reserved concurrency is 0: nothing goes out.", f"Somebody stopped it. To start it: {start}")
    runtime = found.get("Runtime", "container image")
    return good(f"{found['FunctionName']} is ready ({runtime}, {found['MemorySize']} MB, {found['Timeout']} s).")


def failures(aws: Aws, visit: Visit) -> Finding:
    """Whether what the function fails at is repeated, and then kept."""
    try:
        with translated():
            found = aws.brief_client("lambda").get_function_event_invoke_config(FunctionName=aws.target.function_arn)
    except PartGone:
        return bad("Nothing is said of failures: Lambda repeats for hours, then drops the post.", DEPLOY)
    if not found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
        return bad("What fails three times is dropped: there is no on-failure queue.", DEPLOY)
    retries, age = found.get("MaximumRetryAttempts", RETRIES), found.get("MaximumEventAgeInSeconds", 21_600)
    if (retries, age) != (RETRIES, LONGEST_AGE):
        return warning(
            f"It is repeated {retries} times within {age} s; meant are {RETRIES} times within {LONGEST_AGE} s.", DEPLOY
        )
    return good(f"It is repeated {retries} times, then kept in the on-failure queue.")


def concurrency(aws: Aws, visit: Visit) -> Finding:
    """Whether as many posts get through side by side as are due in the busiest minute of the next day."""
    passage = narrowest(aws)
    crowd, minute = busiest_minute(visit.application.queue, visit.now)
    words = f"{passage.words[0].upper()}{passage.words[1:]}"
    if not passage.posts:
        return bad(f"{words}: nothing goes out.", "See the checks of the relay and of the posting function.")
    if minute is None or crowd <= passage.posts:
        return good(f"{words}; the busiest minute of the next day holds {crowd:,}.")
    at = f"{clock_time(minute, visit.zone)} {visit.zone}"
    return warning(f"{words}, and {posts_due(crowd)} at {at}: some will be late.", passage.remedy)


LOOKS = {"Relay": function, "Relay's failures": failures, "Posts side by side": concurrency}
