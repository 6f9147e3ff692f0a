"""EventBridge Scheduler: the group, and how much more it may hold."""

from itertools import islice

from core.aws.place import Aws
from core.errors import PunctualError
from core.faults import GroupGone, translated
from core.health.findings import Finding, Visit, bad, good, warning

QUOTA = 10_000_000
"""Schedules of one account in one region, unless AWS was asked for another number (docs.aws.amazon.com/scheduler)."""
NEAR = 0.8
PAGES_COUNTED = 20
"""Of a hundred schedules each; listing costs a request for each."""


def group(aws: Aws, visit: Visit) -> Finding:
    """Whether the group that holds the posts is there."""
    name = aws.target.group
    remedy = "Deploy the stack again, or correct PUNCTUAL_GROUP. What is planned is then armed by itself."
    try:
        with translated():
            state = aws.brief_client("scheduler").get_schedule_group(Name=name)["State"]
    except GroupGone:
        return bad(f"There is no schedule group {name}.", remedy)
    return good(f"{name} is there.") if state == "ACTIVE" else bad(f"{name} is in state {state}.", remedy)


def quota(aws: Aws, visit: Visit) -> Finding:
    """Whether the account comes near its quota of schedules; many are counted only so far."""
    most, known = _quota(aws)
    pages = aws.brief_client("scheduler").get_paginator("list_schedules").paginate(PaginationConfig={"PageSize": 100})
    with translated():
        sizes = [len(page["Schedules"]) for page in islice(pages, PAGES_COUNTED)]
    count = sum(sizes)
    more = "at least " if len(sizes) == PAGES_COUNTED else ""
    finding = f"{more}{count:,} of {most:,} schedules are in use{known}."
    finding = finding[0].upper() + finding[1:]
    if count >= NEAR * most:
        return warning(finding, "Ask AWS for a higher quota: Service Quotas, EventBridge Scheduler.")
    return good(finding)


def _quota(aws: Aws) -> tuple[int, str]:
    """Return the quota, and a word on it where it could not be asked for."""
    try:
        with translated():
            pages = (
                aws.brief_client("service-quotas")
                .get_paginator("list_service_quotas")
                .paginate(ServiceCode="scheduler")
            )
            quotas = {each["QuotaName"]: each["Value"] for page in pages for each in page["Quotas"]}
    except PunctualError:
        return QUOTA, " (AWS's default; this account's could not be read)"
    return int(quotas.get("Number of schedules", QUOTA)), ""


LOOKS = {"Schedule group": group, "Schedules in use": quota}
