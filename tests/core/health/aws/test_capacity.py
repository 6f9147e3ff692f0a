"""Posts of one minute are compared with what AWS runs in parallel."""

from datetime import timedelta

import pytest

from core.health.capacity import capacity_warning
from core.posts.models import new_post_id


@pytest.fixture
def due_at(clock):
    return clock() + timedelta(hours=3)


@pytest.fixture
def schedule_posts(a_post, due_at):
    """Return a function that schedules posts at these seconds of the minute."""

    def schedule_posts(application, seconds):
        for second in seconds:
            post = a_post(post_id=new_post_id(), due_at=due_at + timedelta(seconds=second))
            application.schedules.schedule(post)

    return schedule_posts


def test_a_minute_with_more_posts_than_relays_is_a_warning(check, check_of, replies, application, schedule_posts):
    schedule_posts(application, range(12))
    assert check("Concurrency").message.endswith("the busiest minute of the next day has 12.")
    replies["concurrency"](10)
    assert "12 posts are due at 15:00 UTC" in check("Concurrency").message
    assert "12 posts are due at 16:00 Europe/Berlin" in check_of(application, "Concurrency", "Europe/Berlin").message


def test_a_posting_server_with_a_lower_limit_than_the_relays_is_the_bottleneck(
    open_application, posting_function, replies, server, schedule_posts, due_at, check_of
):
    application = open_application(PUNCTUAL_POSTING_FUNCTION_ARN=posting_function)
    schedule_posts(application, range(20))
    result = check_of(application, "Concurrency")
    assert result.status == "good"
    assert result.message.startswith("The posting server on Lambda takes 20 posts at once; the busiest minute")
    assert capacity_warning(application, due_at) == (
        "20 posts are due in this minute, and the posting server on Lambda takes 20 posts at once. "
        "With one more, some will be late. Choose another minute."
    )
    schedule_posts(application, [0])
    result = check_of(application, "Concurrency")
    assert result.status == "warning"
    assert "-c posting_concurrency=" in result.remedy


def test_the_concurrency_of_the_account_carries_as_many_posts_a_minute(
    open_application, posting_function, replies, schedule_posts, due_at
):
    replies["concurrency"](1)
    application = open_application(PUNCTUAL_POSTING_FUNCTION_ARN=posting_function)
    schedule_posts(application, [0])
    warning = capacity_warning(application, due_at)
    assert warning.startswith("1 post is due in this minute, and a concurrency of 1 carries about 1 post a minute.")


def test_a_posting_function_without_reserved_concurrency_halves_the_posts_a_minute(
    open_application, posting_function, deployed, replies, check_of
):
    deployed["lambda"].delete_function_concurrency(FunctionName=posting_function)
    replies["concurrency"](10)
    result = check_of(open_application(PUNCTUAL_POSTING_FUNCTION_ARN=posting_function), "Concurrency")
    assert result.status == "good"
    assert result.message.startswith(
        "A concurrency of 10 carries about 5 posts a minute (each takes the relay and the posting function);"
    )
    assert "Service Quotas, AWS Lambda, Concurrent executions" in result.remedy


def test_ample_concurrency_needs_no_remedy(check):
    result = check("Concurrency")
    assert result.message.startswith("A concurrency of 1,000 carries about 1,000 posts a minute;")
    assert (result.status, result.remedy) == ("good", None)


def test_reserved_concurrency_limits_the_relay(check, deployed):
    deployed["lambda"].put_function_concurrency(FunctionName="relay", ReservedConcurrentExecutions=7)
    assert check("Concurrency").message.startswith("AWS runs 7 relays at once")


def test_a_relay_without_concurrency_is_bad(check, application, deployed, due_at):
    deployed["lambda"].put_function_concurrency(FunctionName="relay", ReservedConcurrentExecutions=0)
    result = check("Concurrency")
    assert (result.status, result.message) == ("bad", "AWS runs 0 relays at once: nothing is published.")
    assert capacity_warning(application, due_at).startswith("Nothing is published at present")


def test_a_post_in_a_full_minute_gets_a_warning(application, replies, schedule_posts, due_at):
    replies["concurrency"](2)
    assert capacity_warning(application, due_at) is None
    schedule_posts(application, [5, 50])
    warning = capacity_warning(application, due_at + timedelta(seconds=30))
    assert warning.startswith("2 posts are due in this minute")
    assert capacity_warning(application, due_at + timedelta(seconds=70)) is None


def test_an_unknown_capacity_gives_no_warning(application, due_at, inject_fault):
    inject_fault("GetAccountSettings", "AccessDeniedException")
    assert capacity_warning(application, due_at) is None
