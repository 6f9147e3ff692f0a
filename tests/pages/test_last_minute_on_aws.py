"""A post that is cancelled on AWS while the relay holds it: the page says which servers publish it nevertheless."""

import pytest

SAID = "any other server may"


@pytest.fixture
def application(application_on_aws):
    return application_on_aws


@pytest.mark.parametrize(
    ("seconds_left", "posting_function", "said"),
    [(59, None, True), (61, None, False), (59, "arn:aws:lambda:us-east-1:123456789012:function:posting", False)],
)
def test_a_cancellation_in_the_last_minute_says_who_publishes_it(
    browse, application, plan, clock, seconds_left, posting_function, said
):
    deployment = application.aws.deployment
    application.aws.deployment = deployment.model_copy(update={"posting_function_arn": posting_function})
    planned = plan(minutes=5)
    clock.move(seconds=5 * 60 - seconds_left)
    queue = browse("queue")
    queue.click("cancel", planned)
    assert application.schedules.plan(planned.post.post_id).desired == "cancelled"
    assert (SAID in queue.shown) is said
