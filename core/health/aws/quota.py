"""The account's quota of schedules, and how much of it is in use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from core.aws_errors import translated
from core.backends.aws import Aws
from core.errors import PunctualError
from core.health.findings import Finding, Visit, bad, good, unknown, warning
from core.scheduling.listing import PAGE
from core.time.phrases import span

MOST = 10_000_000
"""Schedules of one account in one region, unless AWS was asked for another number (docs.aws.amazon.com/scheduler)."""
NAME = "Number of schedules"
"""What Service Quotas calls it."""
USAGE: Mapping[str, Any] = {
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
"""Where CloudWatch counts schedules, written as Service Quotas does where it tells the metric of a quota
(docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch-usage-metrics.md)."""
TOLD_FROM = 1_000_000
"""Of fewer schedules CloudWatch may say that there are none (the same page)."""
RECENT = timedelta(hours=3)
"""The oldest count that is taken. One is due every minute, but may come late or never."""
PAGES_LISTED = 20
"""Listing costs a request for each."""
NEAR = 0.8
MORE = f"Ask AWS for a higher quota (Service Quotas, EventBridge Scheduler, {NAME}), or cancel what is not needed."
LOOK = f"Attach the dashboard policy of the stack as it is today; or see Service Quotas, EventBridge Scheduler, {NAME}."


@dataclass(frozen=True, kw_only=True)
class Quota:
    """How many schedules the account may hold, and where CloudWatch counts them. `origin` is a word on the former."""

    most: int = MOST
    usage: Mapping[str, Any]
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many schedules there are, at least and at most (None: nobody knows). `how` says who counted, and when."""

    at_least: int
    at_most: int | None
    how: str


def schedules(aws: Aws, visit: Visit) -> Finding:
    """Whether the account comes near its quota of schedules."""
    quota = _quota(aws)
    count, near = _count(aws, quota.usage, visit.now), NEAR * quota.most
    at_least = "" if count.at_least == count.at_most else "At least "
    finding = f"{at_least}{count.at_least:,} of {quota.most:,} schedules{quota.origin} are in use, {count.how}."
    if count.at_least >= quota.most:
        return bad(f"{finding} No more posts can be scheduled.", MORE)
    if count.at_least >= near:
        return warning(finding, MORE)
    if count.at_most is None or count.at_most >= near:
        return unknown(finding, LOOK)
    return good(finding)


def _quota(aws: Aws) -> Quota:
    try:
        with translated():
            pages = aws.brief_client("service-quotas").get_paginator("list_service_quotas")
            quotas = [each for page in pages.paginate(ServiceCode="scheduler") for each in page["Quotas"]]
    except PunctualError:
        return Quota(usage=USAGE, origin=" (AWS's default; this account's quota could not be read)")
    found = next((each for each in quotas if each["QuotaName"] == NAME and "Value" in each), None)
    if found is None:
        return Quota(usage=USAGE, origin=" (AWS's default)")
    return Quota(most=int(found["Value"]), usage={**USAGE, **found.get("UsageMetric", {})})


def _count(aws: Aws, usage: Mapping[str, Any], now: datetime) -> Count:
    """Ask CloudWatch, which alone counts millions; where it says nothing, list them, as far as that goes."""
    told, how = _told(aws, usage, now)
    if told:
        return Count(at_least=told, at_most=told, how=how)
    listed, whole = _listed(aws)
    if whole:
        return Count(at_least=listed, at_most=listed, how="listed one by one just now")
    return Count(at_least=listed, at_most=None if told is None else TOLD_FROM - 1, how=how)


def _told(aws: Aws, usage: Mapping[str, Any], now: datetime) -> tuple[int | None, str]:
    """Return CloudWatch's latest count and its age; None, and why, where there is none."""
    statistic = usage["MetricStatisticRecommendation"]
    try:
        with translated():
            points = aws.brief_client("cloudwatch").get_metric_statistics(
                Namespace=usage["MetricNamespace"],
                MetricName=usage["MetricName"],
                Dimensions=[{"Name": name, "Value": value} for name, value in usage["MetricDimensions"].items()],
                StartTime=now - RECENT,
                EndTime=now,
                Period=60,
                Statistics=[statistic],
            )["Datapoints"]
    except PunctualError as error:
        return None, f"so many were listed just now; CloudWatch, which counts all, could not be asked: {error}"
    if not points:
        return None, f"so many were listed just now; CloudWatch, which counts all, has said nothing for {span(RECENT)}"
    latest = max(points, key=lambda point: point["Timestamp"])
    count, how = int(latest[statistic]), f"by CloudWatch's count of {span(now - latest['Timestamp'])} ago"
    return count, how if count else f"fewer than {TOLD_FROM:,} {how}"


def _listed(aws: Aws) -> tuple[int, bool]:
    """Return how many schedules were listed, and whether that is all of them."""
    pages = aws.brief_client("scheduler").get_paginator("list_schedules").paginate(PaginationConfig={"PageSize": PAGE})
    with translated():
        read = list(islice(pages, PAGES_LISTED))
    return sum(len(page["Schedules"]) for page in read), not read or "NextToken" not in read[-1]


LOOKS = {"Schedules in use": schedules}
