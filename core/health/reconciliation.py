"""Differences between the ledger and the scheduler, and two ways to resolve them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal

from core.application import Application
from core.aws_errors import ScheduleNotFound, translate_aws_errors
from core.ledger.history import START_GRACE
from core.ledger.port import Plan
from core.posts.payload import ScheduleName
from core.posts.series import runs_of
from core.scheduling.listing import PAGE, ListedSchedule

AHEAD, BEHIND = timedelta(days=7), timedelta(days=2)
"""The window around now whose schedules are compared."""
MAX_COMPARED = 100
"""The most one-time schedules that are compared, soonest first."""
MAX_NAMES = 2000
"""The most names that are read to find foreign schedules."""

DifferenceKind = Literal["gone", "altered", "left behind", "unplanned", "foreign"]


@dataclass(frozen=True, kw_only=True)
class ScheduleDifference:
    """A schedule that differs from the ledger.

    *gone*: planned, and missing in the scheduler. *altered*: changed outside Punctual. *left behind*: to be deleted.
    *unplanned*: has a name of Punctual's form, but no plan in the ledger. *foreign*: has another form of name.
    `plan` is set for *gone* and *altered*.
    """

    kind: DifferenceKind
    name: str
    plan: Plan | None = None


def find_differences(application: Application, now: datetime) -> list[ScheduleDifference]:
    """Compare repeating posts and the posts within BEHIND and AHEAD of now, then look for foreign names.

    Posts that change during the comparison are left out. Raises the errors of scheduler and ledger.
    """
    listed = application.listing.window(now - BEHIND, now + AHEAD, limit=MAX_COMPARED)
    times = [each.due_at for each in listed if each.due_at is not None]
    horizon = times[-1] if len(times) == MAX_COMPARED else now + AHEAD
    planned = application.ledger.overdue(due_before=horizon, limit=2 * MAX_COMPARED)
    planned += application.ledger.series(limit=2 * MAX_COMPARED)
    names = {each.name for each in listed}
    unlisted = [plan for plan in planned if _has_runs_ahead(plan, now) and plan.schedule_name not in names]
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="reconcile") as pool:
        of_listed = pool.map(lambda each: _compare_schedule(application, each, now), listed)
        of_unlisted = pool.map(lambda plan: _compare_plan(application, plan, now), unlisted)
        found = [each for each in (*of_listed, *of_unlisted) if each is not None]
    return found + [ScheduleDifference(kind="foreign", name=name) for name in _foreign_names(application)]


def rearm(application: Application, plan: Plan) -> Plan:
    """Create or update a schedule as planned."""
    return application.schedules.settle(plan)


def delete_schedule(application: Application, name: str) -> None:
    """Delete a schedule, unless it is gone already."""
    try:
        with translate_aws_errors():
            application.backend.scheduler_client.delete_schedule(Name=name, GroupName=application.backend.target.group)
    except ScheduleNotFound:
        return


def _compare_schedule(application: Application, listed: ListedSchedule, now: datetime) -> ScheduleDifference | None:
    plan = application.ledger.get(listed.post_id)
    if plan is None:
        return ScheduleDifference(kind="unplanned", name=listed.name)
    if not plan.settled:
        return None
    stale = listed.due_at is not None and listed.due_at < now - START_GRACE and listed.enabled
    if plan.desired == "cancelled" or plan.schedule_name != listed.name or stale:
        return ScheduleDifference(kind="left behind", name=listed.name)
    return _compare_plan(application, plan, now)


def _compare_plan(application: Application, plan: Plan, now: datetime) -> ScheduleDifference | None:
    """Compare a plan with its schedule.

    Return None if they agree, if the plan changes during the comparison, or if no run is due after START_GRACE.
    """
    if plan.schedule_name is None or not plan.settled or not _has_runs_ahead(plan, now):
        return None
    member = application.schedules.difference(plan)
    if not member or application.ledger.get(plan.post.post_id) != plan:
        return None
    return ScheduleDifference(kind="gone" if member == "Name" else "altered", name=plan.schedule_name, plan=plan)


def _has_runs_ahead(plan: Plan, now: datetime) -> bool:
    """Return whether a run is due after now and START_GRACE. The schedule of a series that has ended may be gone."""
    post = plan.post
    if post.repeat is None:
        return post.due_at is not None and post.due_at > now + START_GRACE
    return bool(runs_of(post, after=now + START_GRACE, count=1))


def _foreign_names(application: Application) -> Iterator[str]:
    pages = application.backend.scheduler_client.get_paginator("list_schedules").paginate(
        GroupName=application.backend.target.group, PaginationConfig={"PageSize": PAGE}
    )
    with translate_aws_errors():
        names = (summary["Name"] for page in pages for summary in page["Schedules"])
        yield from (name for name in islice(names, MAX_NAMES) if ScheduleName.parse(name) is None)
