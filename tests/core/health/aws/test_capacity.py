"""More posts in a minute than AWS takes side by side."""

from datetime import timedelta

import pytest

from core.health.capacity import capacity_warning
from core.health.checks import run_checks
from core.posts.models import new_post_id


def test_a_minute_with_more_posts_than_relays_may_run_is_told(look, told, application, a_post, clock):
    due_at = clock() + timedelta(hours=3)
    for second in range(12):
        application.schedules.schedule(a_post(post_id=new_post_id(), due_at=due_at + timedelta(seconds=second)))
    assert look("Posts side by side").message.endswith("the busiest minute of the next day holds 12.")
    told["limit"](10)
    assert "12 posts are due at 15:00 UTC" in look("Posts side by side").message
    found = {each.name: each.message for each in run_checks(application, clock(), zone="Europe/Berlin")}
    assert "12 posts are due at 16:00 Europe/Berlin" in found["Posts side by side"]


def test_a_posting_server_that_takes_fewer_than_there_are_relays_is_what_counts(
    opened, posting_function, told, server, a_post, clock
):
    application = opened(PUNCTUAL_POSTING_FUNCTION_ARN=posting_function)
    due_at = clock() + timedelta(hours=3)
    for second in range(20):
        application.schedules.schedule(a_post(post_id=new_post_id(), due_at=due_at + timedelta(seconds=second)))
    [check] = [each for each in run_checks(application, clock()) if each.name == "Posts side by side"]
    assert check.status == "good"
    assert check.message.startswith("The posting server on Lambda takes 20 posts side by side; the busiest minute")
    assert capacity_warning(application, due_at) == (
        "20 posts are due in this minute, and the posting server on Lambda takes 20 posts side by side: "
        "with one more, some will be late. Choose another minute."
    )
    application.schedules.schedule(a_post(post_id=new_post_id(), due_at=due_at))
    [check] = [each for each in run_checks(application, clock()) if each.name == "Posts side by side"]
    assert check.status == "warning"
    assert "-c posting_concurrency=" in check.remedy


@pytest.mark.parametrize("reserved", [None, 20])
def test_relays_are_what_counts_where_fewer_of_them_may_run(
    opened, posting_function, deployed, told, a_post, clock, reserved
):
    if reserved is None:
        deployed["lambda"].delete_function_concurrency(FunctionName=posting_function)
    told["limit"](1)
    application = opened(PUNCTUAL_POSTING_FUNCTION_ARN=posting_function)
    due_at = clock() + timedelta(hours=3)
    application.schedules.schedule(a_post(due_at=due_at))
    assert capacity_warning(application, due_at).startswith("1 post is due in this minute, and AWS runs 1 relay side by side")


def test_what_somebody_reserved_for_the_relay_is_all_that_runs_of_it(look, deployed, told):
    told["limit"](1000)
    deployed["lambda"].put_function_concurrency(FunctionName="relay", ReservedConcurrentExecutions=7)
    assert look("Posts side by side").message.startswith("AWS runs 7 relays side by side")


def test_where_no_relay_may_run_nothing_is_said_of_being_late(look, application, deployed, told, clock):
    told["limit"](1000)
    deployed["lambda"].put_function_concurrency(FunctionName="relay", ReservedConcurrentExecutions=0)
    check = look("Posts side by side")
    assert (check.status, check.message) == ("bad", "AWS runs 0 relays side by side: nothing goes out.")
    assert capacity_warning(application, clock() + timedelta(hours=3)).startswith("As it is, nothing goes out")


def test_who_adds_to_a_full_minute_is_warned(application, told, a_post, clock):
    due_at = clock() + timedelta(hours=3)
    told["limit"](2)
    assert capacity_warning(application, due_at) is None
    for second in (5, 50):
        application.schedules.schedule(a_post(post_id=new_post_id(), due_at=due_at + timedelta(seconds=second)))
    assert capacity_warning(application, due_at + timedelta(seconds=30)).startswith("2 posts are due in this minute")
    assert capacity_warning(application, due_at + timedelta(seconds=70)) is None


def test_what_cannot_be_known_of_a_minute_is_no_warning(application, told, clock, interfere):
    interfere("GetAccountSettings", "AccessDeniedException")
    assert capacity_warning(application, clock() + timedelta(hours=3)) is None
