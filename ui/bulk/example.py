"""The example of a table, to download and fill."""

from datetime import datetime, timedelta

from core.bulk.csv_file import csv_file
from core.time.instants import wall_time

COLUMNS = (
    *("Text", "Date and time", "Repeat", "Time zone", "Destinations", "Labels"),
    *("Pictures", "Alt texts", "Link", "text:outbox"),
)


def example_csv(now: datetime, zone: str) -> bytes:
    """Return the example as a file."""
    return csv_file(example_rows(now, zone), COLUMNS)


def example_rows(now: datetime, zone: str) -> list[dict[str, str]]:
    """Return four posts: with a zone, with several lines and a link, with a rule, and without a time."""
    day = wall_time(now + timedelta(days=2), zone)
    return [
        {
            "Text": "We open the doors on Saturday, and you are invited.",
            "Date and time": f"{day:%Y-%m-%d} 09:10",
            "Time zone": zone,
            "Destinations": "outbox",
            "Labels": "Events",
        },
        {
            "Text": 'A text of several lines,\nwith commas and "quotes", is between quotation marks.',
            "Date and time": f"{day + timedelta(days=1):%Y-%m-%d} 17:40",
            "Destinations": "outbox",
            "Link": "https://example.com/news",
        },
        {
            "Text": "Every weekday, good morning.",
            "Date and time": f"{day + timedelta(days=2):%Y-%m-%d} 08:40",
            "Repeat": "weekdays",
            "Destinations": "outbox",
            "text:outbox": "The outbox gets this text of its own.",
        },
        {"Text": "Without a time, a post goes to the next free posting time."},
    ]
