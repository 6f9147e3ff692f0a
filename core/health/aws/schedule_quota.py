"""Health check of the account's quota of schedules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from core.aws_errors import translate_aws_errors
from core.backends.aws import AwsBackend
from core.errors import PunctualError
from core.health.findings import Finding, HealthContext, bad, good, unknown, warning
from core.scheduling.listing import PAGE
from core.time.phrases import duration

DEFAULT_QUOTA = 10_000_000
"""Schedules of one account in one Region (docs.aws.amazon.com/scheduler)."""
QUOTA_NAME = "Number of schedules"
"""The quota's name in Service Quotas."""
USAGE_METRIC: Mapping[str, Any] = {
    "MetricNamespace": "AWS/Usage",
    "MetricName": "ResourceCount",
    "MetricDimensions": {
        "Service": "Scheduler",
        "Class": "None",
        "Type": "Resource",
        "Resource": "ApproximateSchedule",
    },
    "MetricStatisticRecommendation": "Maximum",
}
"""CloudWatch's count of schedules, in the form of Service Quotas' UsageMetric
(docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch-usage-metrics.md)."""
COUNTED_FROM = 1_000_000
"""CloudWatch may report 0 for fewer schedules (same page)."""
MAX_COUNT_AGE = timedelta(hours=3)
"""The oldest count that is used. CloudWatch writes one a minute, but it may be late or missing."""
MAX_PAGES = 20
"""Pages that the check lists, one request each."""
WARNING_RATIO = 0.8
RAISE_QUOTA = f"Ask AWS for a higher quota (Service Quotas, EventBridge Scheduler, {QUOTA_NAME}), or cancel posts."
ALLOW_COUNT = (
    f"Attach the stack's current dashboard policy, or see Service Quotas, EventBridge Scheduler, {QUOTA_NAME}."
)


@dataclass(frozen=True, kw_only=True)
class ScheduleQuota:
    """The number of schedules that the account may hold, its CloudWatch metric, and a note on the number's origin."""

    limit: int = DEFAULT_QUOTA
    usage_metric: Mapping[str, Any]
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class ScheduleCount:
    """Bounds of the number of schedules, `at_most` None if unknown; `source` says who counted, and when."""

    at_least: int
    at_most: int | None
    source: str


def check_schedule_quota(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that the account's schedules stay below WARNING_RATIO of their quota."""
    quota = _quota(aws)
    count, warning_level = _count(aws, quota.usage_metric, context.now), WARNING_RATIO * quota.limit
    at_least = "" if count.at_least == count.at_most else "At least "
    message = f"{at_least}{count.at_least:,} of {quota.limit:,} schedules{quota.origin} are in use, {count.source}."
    if count.at_least >= quota.limit:
        return bad(f"{message} No more posts can be scheduled.", RAISE_QUOTA)
    if count.at_least >= warning_level:
        return warning(message, RAISE_QUOTA)
    if count.at_most is None or count.at_most >= warning_level:
        return unknown(message, ALLOW_COUNT)
    return good(message)


def _quota(aws: AwsBackend) -> ScheduleQuota:
    try:
        with translate_aws_errors():
            pages = aws.quick_client("service-quotas").get_paginator("list_service_quotas")
            quotas = [each for page in pages.paginate(ServiceCode="scheduler") for each in page["Quotas"]]
    except PunctualError:
        return ScheduleQuota(
            usage_metric=USAGE_METRIC, origin=" (AWS's default; this account's quota could not be read)"
        )
    found = next((each for each in quotas if each["QuotaName"] == QUOTA_NAME and "Value" in each), None)
    if found is None:
        return ScheduleQuota(usage_metric=USAGE_METRIC, origin=" (AWS's default)")
    return ScheduleQuota(limit=int(found["Value"]), usage_metric={**USAGE_METRIC, **found.get("UsageMetric", {})})


def _count(aws: AwsBackend, metric: Mapping[str, Any], now: datetime) -> ScheduleCount:
    """Return CloudWatch's count. Without one, list up to MAX_PAGES, which does not cover millions, and count."""
    counted, source = _cloudwatch_count(aws, metric, now)
    if counted:
        return ScheduleCount(at_least=counted, at_most=counted, source=source)
    listed, complete = _listed(aws)
    if complete:
        return ScheduleCount(at_least=listed, at_most=listed, source="counted by listing them")
    return ScheduleCount(at_least=listed, at_most=None if counted is None else COUNTED_FROM - 1, source=source)


def _cloudwatch_count(aws: AwsBackend, metric: Mapping[str, Any], now: datetime) -> tuple[int | None, str]:
    """Return CloudWatch's latest count and its age; None and the reason if there is none."""
    statistic = metric["MetricStatisticRecommendation"]
    try:
        with translate_aws_errors():
            points = aws.quick_client("cloudwatch").get_metric_statistics(
                Namespace=metric["MetricNamespace"],
                MetricName=metric["MetricName"],
                Dimensions=[{"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()],
                StartTime=now - MAX_COUNT_AGE,
                EndTime=now,
                Period=60,
                Statistics=[statistic],
            )["Datapoints"]
    except PunctualError as error:
        return None, f"counted by listing the first of them; CloudWatch's count could not be read: {error}"
    if not points:
        return (
            None,
            f"counted by listing the first of them; CloudWatch has no count of the last {duration(MAX_COUNT_AGE)}",
        )
    latest = max(points, key=lambda point: point["Timestamp"])
    count, source = int(latest[statistic]), f"by CloudWatch's count of {duration(now - latest['Timestamp'])} ago"
    return count, source if count else f"fewer than {COUNTED_FROM:,} {source}"


def _listed(aws: AwsBackend) -> tuple[int, bool]:
    """Return the number of listed schedules, and whether the list is complete."""
    pages = aws.quick_client("scheduler").get_paginator("list_schedules").paginate(PaginationConfig={"PageSize": PAGE})
    with translate_aws_errors():
        read = list(islice(pages, MAX_PAGES))
    return sum(len(page["Schedules"]) for page in read), not read or "NextToken" not in read[-1]


CHECKS = {"Schedule quota": check_schedule_quota}
