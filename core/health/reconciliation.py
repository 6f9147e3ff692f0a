"""What the scheduler holds beside what the ledger wishes, and the two ways to make them agree again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Literal

from core.application import Application
from core.aws_errors import ScheduleGone, translated
from core.ledger.history import GRACE
from core.ledger.port import Plan
from core.posts.payload import ScheduleName
from core.posts.recurrence import NeverRuns, preview
from core.scheduling.listing import PAGE, Listed

AHEAD, BEHIND = timedelta(days=7), timedelta(days=2)
"""How far from now schedules are compared."""
COMPARED = 100
"""The most one-time schedules that are compared, the soonest ones."""
NAMES_READ = 2000
"""The most names that are read in search of foreign ones."""

Kind = Literal["gone", "altered", "left behind", "unplanned", "foreign"]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One schedule that is not as it should be.

    *gone*: planned, but the scheduler does not hold it; *altered*: somebody else changed it; *left behind*: it should
    have been deleted; *unplanned*: its name is like ours, but the ledger does not know the post; *foreign*: its name is
    not ours. `plan` is there for the first two.
    """

    kind: Kind
    name: str
    plan: Plan | None = None


def reconcile(application: Application, now: datetime) -> list[Difference]:
    """Compare what is due from two days ago until in a week, and the repeating posts; then look for foreign names.

    What is changed while it is compared is left out. Raises what the scheduler and the ledger raise.
    """
    listed = application.queue.window(now - BEHIND, now + AHEAD, limit=COMPARED)
    times = [each.due_at for each in listed if each.due_at is not None]
    horizon = times[-1] if len(times) == COMPARED else now + AHEAD
    planned = application.ledger.lying(due_before=horizon, limit=2 * COMPARED)
    planned += application.ledger.series(limit=2 * COMPARED)
    known = {each.name for each in listed}
    absent = [plan for plan in planned if _is_ahead(plan, now) and plan.schedule_name not in known]
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="reconcile") as pool:
        compared = pool.map(lambda each: _of_schedule(application, each, now), listed)
        missed = pool.map(lambda plan: _of_plan(application, plan, now), absent)
        found = [each for each in (*compared, *missed) if each is not None]
    return found + [Difference(kind="foreign", name=name) for name in _foreign_names(application)]


def arm_again(application: Application, plan: Plan) -> Plan:
    """Put a gone or altered schedule as it was planned."""
    return application.schedules.settle(plan)


def delete(application: Application, name: str) -> None:
    """Delete a schedule that was left behind, or that is not ours."""
    try:
        with translated():
            application.place.scheduler.delete_schedule(Name=name, GroupName=application.place.target.group)
    except ScheduleGone:
        return


def _of_schedule(application: Application, listed: Listed, now: datetime) -> Difference | None:
    plan = application.ledger.get(listed.post_id)
    if plan is None:
        return Difference(kind="unplanned", name=listed.name)
    if not plan.settled:
        return None
    stale = listed.due_at is not None and listed.due_at < now - GRACE and listed.enabled
    if plan.wish == "cancelled" or plan.schedule_name != listed.name or stale:
        return Difference(kind="left behind", name=listed.name)
    return _of_plan(application, plan, now)


def _of_plan(application: Application, plan: Plan, now: datetime) -> Difference | None:
    """Compare a plan with its schedule, unless the plan changes meanwhile or its time comes."""
    if plan.schedule_name is None or not plan.settled or not _is_ahead(plan, now):
        return None
    member = application.schedules.difference(plan)
    if not member or application.ledger.get(plan.post.post_id) != plan:
        return None
    return Difference(kind="gone" if member == "Name" else "altered", name=plan.schedule_name, plan=plan)


def _is_ahead(plan: Plan, now: datetime) -> bool:
    """Whether something of it is still to go out; a series that has ended may be gone, as it was to be."""
    post = plan.post
    if post.repeat is None:
        return post.due_at is not None and post.due_at > now + GRACE
    rule = post.repeat
    try:
        return bool(preview(rule.expression, post.zone, rule.starts_at, rule.ends_at, after=now + GRACE, count=1))
    except NeverRuns:
        return False


def _foreign_names(application: Application) -> Iterator[str]:
    pages = application.place.scheduler.get_paginator("list_schedules").paginate(
        GroupName=application.place.target.group, PaginationConfig={"PageSize": PAGE}
    )
    with translated():
        names = (summary["Name"] for page in pages for summary in page["Schedules"])
        yield from (name for name in islice(names, NAMES_READ) if ScheduleName.read(name) is None)
