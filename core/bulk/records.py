"""The posts of the queue, the drafts and the history, as records for files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from core.application import Application
from core.drafts.draft import Draft, content_of
from core.ledger.history import Run, all_runs
from core.ledger.port import OPEN_STATES
from core.posts.destinations import Destination
from core.posts.models import LinkCard, Media, Repeat, Revision
from core.posts.recurrence import rule_of
from core.posts.series import start_of_day
from core.posts.written_rules import write_rule
from core.publishing.options import OptionValues
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import QueueEntry, ledger_entry, queue
from core.time.instants import instants, offset_label, wall_time
from core.time.phrases import plural

Source = Literal["queue", "drafts", "history"]
MAX_POSTS = 10_000_000
"""The default quota of schedules of an AWS account."""
_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class WrittenSeries:
    """A series as an import reads it: rule, last date, and the wall times of the skipped runs.

    An import begins with the day of the next run, so the skipped runs of that day and of later ones are named.
    """

    rule: str
    last_date: date | None
    skipped: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PostRecord:
    """A post, a draft or a run. `wall` is its time in `zone`, with the offset from UTC if the clocks show it twice.

    The time of a series is that of its next run.
    """

    post_id: str
    key: str
    text: str
    variants: dict[str, str]
    destinations: tuple[Destination, ...]
    labels: tuple[str, ...]
    options: Mapping[Destination, OptionValues]
    card: LinkCard | None
    media: tuple[Media, ...]
    wall: str
    zone: str
    due_at: datetime | None
    series: WrittenSeries | None
    state: str
    published_at: datetime | None = None
    lag_ms: int | None = None
    url: str | None = None
    error: str | None = None


def records(application: Application, source: Source) -> Iterator[PostRecord]:
    """Yield the posts of the queue soonest first, the drafts and templates latest first, or the runs latest first."""
    if source == "queue":
        now = application.clock()
        found = queue(application.listing, application.ledger, now, now + PLANNING_HORIZON, limit=MAX_POSTS)
        yield from (of_entry(each) for each in found.entries if each.post is not None)
    elif source == "drafts":
        for templates in (False, True):
            yield from _drafts(application, templates=templates)
    else:
        yield from map(of_run, all_runs(application.ledger))


def pending_records(application: Application, post_ids: Sequence[str]) -> list[PostRecord]:
    """Return the chosen posts that are still pending, soonest first."""
    ledger, now = application.ledger, application.clock()
    plans = ledger.pending(post_ids)
    chosen = [post_id for post_id, plan in plans.items() if plan is not None and plan.desired in OPEN_STATES]
    entries = [ledger_entry(ledger, post_id, now) for post_id in chosen]
    return [of_entry(each) for each in sorted(entries, key=lambda each: (each.due_at, each.post_id))]


def of_entry(entry: QueueEntry) -> PostRecord:
    """Return the record of a post of the queue. Raises ValueError if its content is unreadable."""
    if entry.post is None:
        raise ValueError(f"the post {entry.post_id} is unreadable")
    post = entry.post
    return PostRecord(
        post_id=post.post_id,
        key=entry.key,
        text=post.text,
        variants=_variants(post),
        destinations=post.accounts,
        labels=post.labels,
        options=post.options,
        card=post.card,
        media=post.media,
        wall=written_wall(entry.due_at, post.zone),
        zone=post.zone,
        due_at=entry.due_at,
        state=entry.state,
        series=_series(post.repeat, post.zone, entry.due_at),
    )


def of_run(run: Run) -> PostRecord:
    """Return the record of a run."""
    return PostRecord(
        post_id=run.post_id,
        key=run.key,
        text=run.text,
        variants=_variants(run.payload),
        destinations=run.payload.accounts,
        labels=run.labels,
        options=run.payload.options,
        card=run.payload.card,
        media=run.payload.media,
        wall=written_wall(run.due_at, run.zone),
        zone=run.zone,
        due_at=run.due_at,
        state=run.state,
        series=None,
        published_at=run.published_at,
        lag_ms=run.lag_ms,
        url=run.url,
        error=run.error,
    )


def of_draft(draft: Draft) -> PostRecord:
    """Return the record of a draft or a template."""
    content = draft.content
    both = instants(content.proposed_wall, content.zone) if content.proposed_wall else ()
    due_at = both[min(content.which or 1, len(both)) - 1] if both else None
    return PostRecord(
        post_id=draft.draft_id,
        key=draft.draft_id,
        text=content.text,
        variants={str(name): text for name, text in content.variants.items()},
        destinations=content.destinations,
        labels=content.labels,
        options=content.options,
        card=content.card,
        media=content.media,
        wall=written_wall(due_at, content.zone) if due_at else (content.wall or "").replace("T", " "),
        zone=content.zone,
        due_at=due_at,
        state="template" if draft.template else "draft",
        series=_series(content.repeat, content.zone, due_at),
    )


def written_wall(instant: datetime, zone: str) -> str:
    """Return `2026-12-24 09:00`, with seconds if it has some, and with the offset if the clocks show it twice."""
    local = wall_time(instant, zone)
    text = f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"
    twice = len(instants(local.replace(tzinfo=None, microsecond=0), zone)) == 2
    return f"{text} {offset_label(instant, zone).removeprefix('UTC')}" if twice else text


def media_note(media: tuple[Media, ...]) -> str:
    """Return `2 files`, empty without media."""
    return plural(len(media), "file") if media else ""


def _series(repeat: Repeat | None, zone: str, begin: datetime | None) -> WrittenSeries | None:
    if repeat is None:
        return None
    rule, _ = rule_of(repeat)
    first = start_of_day(wall_time(begin, zone).date(), zone) if begin else None
    return WrittenSeries(
        rule=write_rule(rule),
        last_date=wall_time(repeat.ends_at, zone).date() if repeat.ends_at else None,
        skipped=tuple(written_wall(run, zone) for run in sorted(repeat.skipped) if first is None or run >= first),
    )


def _variants(revision: Revision) -> dict[str, str]:
    """Return the texts of single accounts as they were written, with the parts of a thread in one text."""
    return {str(name): text for name, text in content_of(revision).variants.items()}


def _drafts(application: Application, *, templates: bool) -> Iterator[PostRecord]:
    page = application.drafts.page(templates=templates, limit=_PAGE)
    while page:
        yield from map(of_draft, page)
        page = application.drafts.page(templates=templates, limit=_PAGE, after=page[-1])
