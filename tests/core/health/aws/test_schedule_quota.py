"""The quota of schedules: CloudWatch counts millions, and what it does not count is listed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.posts.models import new_post_id

SCHEDULES = {"Service": "Scheduler", "Class": "None", "Type": "Resource", "Resource": "ApproximateSchedule"}
NAME = "Schedules in use"


@pytest.fixture
def counted(deployed, clock) -> Callable[..., None]:
    """Let CloudWatch count, some time ago."""

    def count(schedules: int, *, ago: timedelta = timedelta(minutes=3), metric: str = "ResourceCount", **of: str):
        dimensions = [{"Name": name, "Value": value} for name, value in (of or SCHEDULES).items()]
        point = {"MetricName": metric, "Dimensions": dimensions, "Timestamp": clock() - ago, "Value": schedules}
        deployed["cloudwatch"].put_metric_data(Namespace="AWS/Usage", MetricData=[point])

    return count


@pytest.fixture
def eight_posts(application, a_post, clock) -> None:
    for hours in range(1, 9):
        application.schedules.schedule(a_post(post_id=new_post_id(), due_at=clock() + timedelta(hours=hours)))


@pytest.fixture
def few_pages(monkeypatch) -> None:
    """List five schedules, no more."""
    monkeypatch.setattr("core.health.aws.schedule_quota.PAGE", 5)
    monkeypatch.setattr("core.health.aws.schedule_quota.PAGES_LISTED", 1)


@pytest.mark.parametrize(
    ("count", "verdict"),
    [(7_900_000, "good"), (7_999_999, "good"), (8_000_000, "warning"), (9_999_999, "warning"), (10_000_000, "bad")],
)
def test_millions_of_schedules_are_told_by_cloudwatchs_count(look, counted, count, status):
    counted(count)
    check = look(NAME)
    assert check.status == status
    assert check.message.startswith(
        f"{count:,} of 10,000,000 schedules are in use, by CloudWatch's count of 3 minutes ago."
    )
    assert (check.remedy is None) == (status == "good")


def test_who_may_schedule_no_more_is_told_so_and_how_to_get_more(look, counted):
    counted(10_000_001)
    check = look(NAME)
    assert check.message.endswith("No more posts can be scheduled.")
    assert "Service Quotas, EventBridge Scheduler, Number of schedules" in check.remedy


def test_the_latest_count_is_taken(look, counted):
    counted(9_000_000, ago=timedelta(hours=2))
    counted(2_000_000, ago=timedelta(minutes=1))
    assert look(NAME).message == "2,000,000 of 10,000,000 schedules are in use, by CloudWatch's count of 1 minute ago."


def test_an_old_count_is_not_taken(look, counted):
    counted(9_000_000, ago=timedelta(hours=4))
    assert look(NAME).message == "0 of 10,000,000 schedules are in use, listed one by one just now."


def test_a_quota_that_was_raised_is_the_one_that_counts(look, told, counted):
    told["quota"](1_000_000_000)
    counted(700_000_000)
    assert look(NAME).status == "good"
    counted(800_000_000, ago=timedelta(minutes=1))
    assert look(NAME).status == "warning"


def test_the_metric_that_service_quotas_names_is_the_one_that_is_asked(look, told, counted):
    usage = {"MetricNamespace": "AWS/Usage", "MetricName": "Schedules", "MetricDimensions": {"Of": "Account"}}
    told["quota"](10_000_000, UsageMetric=usage | {"MetricStatisticRecommendation": "Maximum"})
    counted(1_000_000)
    counted(9_000_000, metric="Schedules", Of="Account")
    assert look(NAME).message.startswith("9,000,000 of 10,000,000")


@pytest.mark.usefixtures("eight_posts")
def test_few_schedules_are_listed_since_cloudwatch_may_say_zero(look, told, counted):
    counted(0)
    assert look(NAME).message == "8 of 10,000,000 schedules are in use, listed one by one just now."
    told["quota"](10)
    assert look(NAME).status == "warning"


@pytest.mark.usefixtures("eight_posts")
def test_where_more_are_there_than_are_listed_cloudwatchs_zero_bounds_them(look, told, counted, few_pages):
    counted(0)
    found = (
        "At least 5 of 10,000,000 schedules are in use, fewer than 1,000,000 by CloudWatch's count of 3 minutes ago."
    )
    assert (look(NAME).status, look(NAME).message) == ("good", found)
    told["quota"](1_000_000)
    assert look(NAME).status == "unknown"


@pytest.mark.usefixtures("eight_posts", "few_pages")
def test_where_nobody_has_counted_all_it_is_not_called_good(look):
    check = look(NAME)
    assert check.status == "unknown"
    assert check.message.startswith("At least 5 of 10,000,000 schedules are in use, so many were listed just now")
    assert "said nothing for 3 hours" in check.message
    assert "Service Quotas" in check.remedy


@pytest.mark.usefixtures("eight_posts", "few_pages")
def test_who_may_not_ask_cloudwatch_is_told_so(look, interfere):
    interfere("GetMetricStatistics", "AccessDenied", "User ada is not authorized to perform: GetMetricStatistics")
    check = look(NAME)
    assert check.status == "unknown"
    assert "could not be asked: GetMetricStatistics: User ada is not authorized" in check.message
    assert check.remedy.startswith("Attach the dashboard policy")


@pytest.mark.usefixtures("eight_posts")
def test_who_may_not_ask_cloudwatch_but_has_few_schedules_needs_it_not(look, interfere):
    interfere("GetMetricStatistics", "AccessDenied")
    assert look(NAME).status == "good"


def test_a_quota_that_may_not_be_read_is_taken_to_be_the_usual_one(look, interfere):
    interfere("ListServiceQuotas", "AccessDeniedException")
    check = look(NAME)
    assert check.status == "good"
    assert "of 10,000,000 schedules (AWS's default; this account's quota could not be read) are in use" in check.message


def test_a_quota_that_service_quotas_does_not_list_is_the_usual_one(look, interfere, told):
    interfere.reply("ListServiceQuotas", '{"Quotas": []}')
    assert look(NAME).message.startswith("0 of 10,000,000 schedules (AWS's default) are in use")
