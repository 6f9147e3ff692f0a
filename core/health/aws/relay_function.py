"""Health checks of the deployed relay: the function, its retries and its concurrency."""

from core.aws_errors import AwsResourceNotFound
from core.backends.aws import AwsBackend
from core.backends.deployed_functions import RELAY_MEMBERS, members_unread_by
from core.health.aws.lambda_functions import configuration, invoke_config, on_failure_queue, runtime_problem
from core.health.aws.remedies import DEPLOY
from core.health.capacity import bottleneck, busiest_minute, posts_due
from core.health.findings import Finding, HealthContext, bad, good, unknown, warning
from core.scheduling.payload_support import unread_problem
from core.time.phrases import clock_time

MAX_RUN_SECONDS = 140
"""The relay waits up to 90 s for the due instant, and its POST takes up to 50 s."""
RETRIES, MAX_EVENT_AGE = 2, 900
"""The deployed settings of asynchronous invocation; the age is in seconds."""
LAMBDA_MAX_EVENT_AGE = 21_600
"""Lambda's default, in seconds."""
NO_LEAD = "It gets each post within a minute after its time."
ALLOW_READING = "Allow this identity lambda:GetFunctionConfiguration on the function, then restart Punctual."
AMPLE_POSTS = 100
"""Posts a minute from which the check does not say how to get more."""


def check_relay_function(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the relay exists, is ready, has a sufficient timeout and may run."""
    if aws.functions.refusal is not None:
        refusal = aws.functions.refusal.rstrip(".")
        return unknown(
            f"AWS does not say whether the function is Punctual's relay: {refusal}. {NO_LEAD}", ALLOW_READING
        )
    try:
        found = configuration(aws, aws.target.function_arn)
    except AwsResourceNotFound:
        return bad(f"There is no function {aws.target.function_arn}: nothing is published.", DEPLOY)
    is_relay = aws.functions.is_relay
    if problem := runtime_problem(found, MAX_RUN_SECONDS if is_relay else 0, "the wait and the POST"):
        return problem
    if aws.functions.relay_concurrency() == 0:
        start = f"aws lambda delete-function-concurrency --function-name {found['FunctionName']}"
        return bad("Its reserved concurrency is 0: nothing is published.", f"To start the relay again, run: {start}")
    if not is_relay:
        return good(f"{found['FunctionName']} is a function of your own, not Punctual's relay. {NO_LEAD}")
    unread = unread_problem(members_unread_by(found) & RELAY_MEMBERS)
    if unread and aws.deployment.posting_function_arn is None:
        return warning(unread, DEPLOY)
    runtime = found.get("Runtime", "container image")
    return good(f"{found['FunctionName']} is ready ({runtime}, {found['MemorySize']} MB, {found['Timeout']} s).")


def check_relay_retries(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that Lambda retries a failed event as deployed, and then keeps it, unless the deployment is small."""
    found = invoke_config(aws)
    remedy = DEPLOY if aws.functions.is_relay else _configure_retries(aws)
    if found is None:
        return bad("Asynchronous invocation is not configured: Lambda retries for hours, then drops the post.", remedy)
    queued = on_failure_queue(found) is not None
    if not queued and not aws.deployment.is_small:
        return bad("There is no on-failure queue: Lambda drops a post that fails three times.", DEPLOY)
    retries = found.get("MaximumRetryAttempts", RETRIES)
    age = found.get("MaximumEventAgeInSeconds", LAMBDA_MAX_EVENT_AGE)
    if (retries, age) != (RETRIES, MAX_EVENT_AGE):
        return warning(f"Lambda retries {retries} times in {age} s, not {RETRIES} times in {MAX_EVENT_AGE} s.", remedy)
    end = "sends the post to the on-failure queue" if queued else "drops the post"
    return good(f"Lambda retries {retries} times, then {end}.")


def _configure_retries(aws: AwsBackend) -> str:
    """Return the remedy for a function that no stack configures."""
    options = f"--maximum-retry-attempts {RETRIES} --maximum-event-age-in-seconds {MAX_EVENT_AGE}"
    command = "aws lambda put-function-event-invoke-config --function-name"
    return f"Run: {command} {aws.target.function_arn} {options}"


def check_concurrency(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the posts of the busiest minute of the next day can go out in it."""
    narrowest = bottleneck(aws)
    count, minute = busiest_minute(context.application.listing, context.now)
    limit = f"{narrowest.limit[0].upper()}{narrowest.limit[1:]}"
    if not narrowest.posts:
        return bad(f"{limit}: nothing is published.", "See the checks of the relay and of the posting function.")
    if minute is None or count <= narrowest.posts:
        remedy = narrowest.remedy if narrowest.posts < AMPLE_POSTS else None
        message = f"{limit}; the busiest minute of the next day has {count:,}."
        return Finding(status="good", message=message, remedy=remedy)
    at = f"{clock_time(minute, context.zone)} {context.zone}"
    return warning(f"{limit}, and {posts_due(count)} at {at}: some will be late.", narrowest.remedy)


CHECKS = {"Relay": check_relay_function, "Relay retries": check_relay_retries, "Concurrency": check_concurrency}
