"""The quota of schedules: CloudWatch counts millions, and small numbers are listed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.posts.models import new_post_id

DIMENSIONS = {"Service": "Scheduler", "Class": "None", "Type": "Resource", "Resource": "ApproximateSchedule"}
NAME = "Schedule quota"


@pytest.fixture
def cloudwatch_counts(deployed, clock) -> Callable[..., None]:
    """Return a function that writes a count to CloudWatch."""

    def count(schedules: int, *, ago: timedelta = timedelta(minutes=3), metric: str = "ResourceCount", **of: str):
        dimensions = [{"Name": name, "Value": value} for name, value in (of or DIMENSIONS).items()]
        point = {"MetricName": metric, "Dimensions": dimensions, "Timestamp": clock() - ago, "Value": schedules}
        deployed["cloudwatch"].put_metric_data(Namespace="AWS/Usage", MetricData=[point])

    return count


@pytest.fixture
def eight_posts(application, a_post, clock) -> None:
    for hours in range(1, 9):
        application.schedules.schedule(a_post(post_id=new_post_id(), due_at=clock() + timedelta(hours=hours)))


@pytest.fixture
def few_pages(monkeypatch) -> None:
    """Let the check list five schedules only."""
    monkeypatch.setattr("core.health.aws.schedule_quota.PAGE", 5)
    monkeypatch.setattr("core.health.aws.schedule_quota.MAX_PAGES", 1)


@pytest.mark.parametrize(
    ("count", "status"),
    [(7_900_000, "good"), (7_999_999, "good"), (8_000_000, "warning"), (9_999_999, "warning"), (10_000_000, "bad")],
)
def test_millions_of_schedules_are_counted_by_cloudwatch(check, cloudwatch_counts, count, status):
    cloudwatch_counts(count)
    result = check(NAME)
    assert result.status == status
    assert result.message.startswith(
        f"{count:,} of 10,000,000 schedules are in use, by CloudWatch's count of 3 minutes ago."
    )
    assert (result.remedy is None) == (status == "good")


def test_an_exhausted_quota_is_reported_with_the_way_to_raise_it(check, cloudwatch_counts):
    cloudwatch_counts(10_000_001)
    result = check(NAME)
    assert result.message.endswith("No more posts can be scheduled.")
    assert "Service Quotas, EventBridge Scheduler, Number of schedules" in result.remedy


def test_the_latest_count_is_used(check, cloudwatch_counts):
    cloudwatch_counts(9_000_000, ago=timedelta(hours=2))
    cloudwatch_counts(2_000_000, ago=timedelta(minutes=1))
    assert check(NAME).message == "2,000,000 of 10,000,000 schedules are in use, by CloudWatch's count of 1 minute ago."


def test_an_old_count_is_not_used(check, cloudwatch_counts):
    cloudwatch_counts(9_000_000, ago=timedelta(hours=4))
    assert check(NAME).message == "0 of 10,000,000 schedules are in use, counted by listing them."


def test_a_raised_quota_is_used(check, replies, cloudwatch_counts):
    replies["quota"](1_000_000_000)
    cloudwatch_counts(700_000_000)
    assert check(NAME).status == "good"
    cloudwatch_counts(800_000_000, ago=timedelta(minutes=1))
    assert check(NAME).status == "warning"


def test_the_metric_that_service_quotas_names_is_read(check, replies, cloudwatch_counts):
    usage = {"MetricNamespace": "AWS/Usage", "MetricName": "Schedules", "MetricDimensions": {"Of": "Account"}}
    replies["quota"](10_000_000, UsageMetric=usage | {"MetricStatisticRecommendation": "Maximum"})
    cloudwatch_counts(1_000_000)
    cloudwatch_counts(9_000_000, metric="Schedules", Of="Account")
    assert check(NAME).message.startswith("9,000,000 of 10,000,000")


@pytest.mark.usefixtures("eight_posts")
def test_few_schedules_are_listed_because_cloudwatch_may_report_zero(check, replies, cloudwatch_counts):
    cloudwatch_counts(0)
    assert check(NAME).message == "8 of 10,000,000 schedules are in use, counted by listing them."
    replies["quota"](10)
    assert check(NAME).status == "warning"


@pytest.mark.usefixtures("eight_posts", "few_pages")
def test_a_zero_of_cloudwatch_bounds_an_incomplete_list(check, replies, cloudwatch_counts):
    cloudwatch_counts(0)
    message = (
        "At least 5 of 10,000,000 schedules are in use, fewer than 1,000,000 by CloudWatch's count of 3 minutes ago."
    )
    assert (check(NAME).status, check(NAME).message) == ("good", message)
    replies["quota"](1_000_000)
    assert check(NAME).status == "unknown"


@pytest.mark.usefixtures("eight_posts", "few_pages")
def test_an_incomplete_list_without_a_count_is_unknown(check):
    result = check(NAME)
    assert result.status == "unknown"
    assert result.message.startswith("At least 5 of 10,000,000 schedules are in use, counted by listing the first")
    assert "no count of the last 3 hours" in result.message
    assert "Service Quotas" in result.remedy


@pytest.mark.usefixtures("eight_posts", "few_pages")
def test_a_denied_cloudwatch_count_is_unknown_with_a_remedy(check, inject_fault):
    inject_fault("GetMetricStatistics", "AccessDenied", "User ada is not authorized to perform: GetMetricStatistics")
    result = check(NAME)
    assert result.status == "unknown"
    assert "could not be read: GetMetricStatistics: User ada is not authorized" in result.message
    assert result.remedy.startswith("Attach the stack's current dashboard policy")


@pytest.mark.usefixtures("eight_posts")
def test_few_schedules_need_no_cloudwatch_count(check, inject_fault):
    inject_fault("GetMetricStatistics", "AccessDenied")
    assert check(NAME).status == "good"


def test_a_denied_quota_is_assumed_to_be_the_default(check, inject_fault):
    inject_fault("ListServiceQuotas", "AccessDeniedException")
    result = check(NAME)
    assert result.status == "good"
    assert (
        "of 10,000,000 schedules (AWS's default; this account's quota could not be read) are in use" in result.message
    )


def test_an_unlisted_quota_is_the_default(check, inject_fault):
    inject_fault.respond_with("ListServiceQuotas", '{"Quotas": []}')
    assert check(NAME).message.startswith("0 of 10,000,000 schedules (AWS's default) are in use")
