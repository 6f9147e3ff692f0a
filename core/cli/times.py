"""`python -m core times`: the posting times, and the next ones with the posts that are due then."""

import argparse
import json
from typing import Any, TextIO

from core.application import Application
from core.cli.printed_rows import printable
from core.posts.destinations import Destination
from core.posts.repeat_rules import Weekday
from core.scheduling.coming_times import ComingTime, coming_times
from core.time.instants import utc_text
from core.time.phrases import date_and_time, excerpt
from core.timetable.timetable import Timetable

EXCERPT_LENGTH = 60


def show_times(application: Application, options: argparse.Namespace, out: TextIO, err: TextIO) -> None:
    """Print the timetables, and the next posting times of a post to `--to`, or to all accounts."""
    stored = application.posting_times.all()
    tables = {name: each.timetable for name, each in stored.items() if each.timetable is not None}
    accounts = [Destination.parse(each).account for each in options.to]
    times = application.free_times, application.posting_times, application.ledger
    coming = coming_times(*times, accounts, application.clock, count=options.limit)
    if options.json:
        rows = [_timetable_row(name, each) for name, each in tables.items()]
        print(json.dumps({"timetables": rows, "next": list(map(_time_row, coming))}), file=out)
        return
    for name, each in tables.items():
        print(printable(f"{name or 'all accounts'}, {each.zone}"), file=out)
        for line in each.in_words():
            print(f"  {line}", file=out)
        if each.days_off:
            print(f"  Days off: {', '.join(map(str, each.days_off))}", file=out)
    table = application.free_times.timetable(accounts)
    if table is None:
        print("There are no posting times. Set them on the page Posting times.", file=out)
        return
    print("Next:", file=out)
    for time in coming:
        texts = "; ".join(excerpt(post.text, EXCERPT_LENGTH) or "no text" for post in time.posts)
        print(printable(f"  {date_and_time(time.instant, table.zone)}  {texts or 'free'}"), file=out)


def _timetable_row(account: Destination | None, timetable: Timetable) -> dict[str, Any]:
    return {
        "account": account,
        "zone": timetable.zone,
        "week": {str(day): [f"{at:%H:%M}" for at in timetable.times(day)] for day in Weekday},
        "days_off": list(map(str, timetable.days_off)),
    }


def _time_row(time: ComingTime) -> dict[str, Any]:
    return {"due_at": utc_text(time.instant), "free": not time.posts, "posts": [post.post_id for post in time.posts]}
