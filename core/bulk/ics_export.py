"""Posts as an iCalendar file (RFC 5545), for calendar programs."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from urllib.parse import quote

from icalendar import Calendar, Event

from core.application import Application
from core.bulk.records import PostRecord, Source, of_entry, of_run, records
from core.posts.payload import occurrence_key
from core.scheduling.calendar_view import calendar_view
from core.scheduling.upcoming import QueueEntry
from core.time.instants import wall_time
from core.time.phrases import excerpt

LENGTH = timedelta(minutes=15)
"""The length of an event: a post takes a moment, and calendars draw no such event."""
AHEAD = timedelta(days=366)
"""How far ahead the runs of a series are listed."""
SUMMARY_LENGTH = 70
MAX_EVENTS = 20_000
REFRESH = timedelta(minutes=15)
"""How often calendar programs are asked to read a feed again."""
_CANCELLED = {"cancelled", "superseded", "moved"}


def ics_file(found: Iterable[PostRecord], *, name: str, now: datetime, address: str | None = None) -> bytes:
    """Return the records with a time as a calendar. `address` is that of the dashboard, for links."""
    calendar = Calendar()
    calendar.add("prodid", "-//Punctual//Punctual//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    for each in found:
        if each.due_at is not None:
            calendar.add_component(_event(each, each.due_at, now, address))
    return bytes(calendar.to_ical())


def calendar_records(application: Application, source: Source) -> list[PostRecord]:
    """Return the records of a source for a calendar: of a series, every run within AHEAD."""
    if source != "queue":
        return list(records(application, source))
    now = application.clock()
    window = calendar_view(application.listing, application.ledger, now, now + AHEAD, now, limit=MAX_EVENTS)
    return [record_of(each) for each in window.entries if each.post or each.run]


def record_of(entry: QueueEntry) -> PostRecord:
    """Return the record of a post or a run in a calendar."""
    return of_run(entry.run) if entry.run is not None else of_entry(entry)


def _event(record: PostRecord, due_at: datetime, now: datetime, address: str | None) -> Event:
    event = Event()
    key = occurrence_key(record.post_id, due_at) if record.series else record.key  # the same before and after the run
    event.add("uid", f"{key}@punctual")
    event.add("dtstamp", now)
    event.add("dtstart", due_at)
    event.add("dtend", due_at + LENGTH)
    event.add("summary", f"{excerpt(record.text, SUMMARY_LENGTH) or 'Post without text'} ({record.state})")
    event.add("description", _description(record))
    event.add("status", "CANCELLED" if record.state in _CANCELLED else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    if record.labels:
        event.add("categories", list(record.labels))
    if link := _link(record, due_at, address):
        event.add("url", link)
    return event


def _description(record: PostRecord) -> str:
    parts = [record.text, f"To {', '.join(record.destinations)}" if record.destinations else "No destination"]
    parts += [f"Published at {record.url}"] if record.url and record.url.startswith("http") else []
    parts += [record.error] if record.error else []
    return "\n\n".join(part for part in parts if part)


def _link(record: PostRecord, due_at: datetime, address: str | None) -> str | None:
    """Return the address of the post in the dashboard's calendar, or of the draft."""
    if address is None:
        return record.url if record.url and record.url.startswith("http") else None
    if record.state in ("draft", "template"):
        return f"{address}/?draft={quote(record.post_id)}"
    day: date = wall_time(due_at, record.zone).date()
    return f"{address}/calendar?on={day.isoformat()}&post={quote(record.key, safe='')}"
