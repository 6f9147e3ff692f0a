"""A home of a small team: accounts, labels, posting times, and as many drafts, coming and past posts as wanted."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from pydantic import TypeAdapter

from core.accounts.port import Account
from core.application import Application
from core.drafts.draft import DraftContent
from core.labels.label import Label
from core.ledger.port import Receipt
from core.maintenance.account_checks import AccountCheck
from core.media.intake import ingest
from core.posts.destinations import Destination
from core.posts.models import Media, Post, Repeat, new_post_id
from core.posts.payload import invocation_of
from core.posts.series import start_of_day
from core.settings import Settings
from core.storage.private_files import write_private
from core.time.instants import wall_time
from core.timetable.timetable import suggested

ZONE = "Europe/Berlin"
ADDRESS = "http://127.0.0.1:9"
"""Nothing listens there: no request leaves the machine."""
ACCOUNTS = {
    "mastodon:ada@example.social": "Ada on Mastodon",
    "bluesky:studio.example": "Studio on Bluesky",
    "webhook:newsletter": "Newsletter",
}
LABELS = {"Launch": "blue", "Summer sale": "orange", "Events": "violet", "Evergreen": "green"}
TEXTS = (
    "The doors open at nine. Bring a friend, bring a cup, and we bring the coffee. https://studio.example/open-day",
    "Behind the scenes: how Ana paints the new collection by hand, one plate at a time.",
    "Three things we learned from a year without a warehouse:\n\n1. Ship less\n2. Ship later\n3. Say so",
    "New colours!",
    "“It arrived on time, and it made me smile.” Thank you, Noor, for the kind words about our little shop.",
    "Donaudampfschifffahrtsgesellschaftskapitänsmütze, and other words that do not fit onto a mug. Which one is yours?",
    "Last call: the summer sale ends tonight at midnight. Everything that is left goes for half.",
    "نفتح أبوابنا يوم السبت في التاسعة صباحا",
    "We are hiring a potter in Lisbon. Two days a week, a kiln of your own, and the best view in town. #jobs #ceramics",
    "Question of the day: tea before milk, or milk before tea?",
)
REASONS = (
    "The network refused the access token. Connect the account again.",
    "The text has 512 characters; the network allows 500.",
    "The server did not answer within 10 s.",
)
HOURS = (7, 9, 12, 15, 18, 20)
DAYS = 40
"""The days over which the coming posts are spread, and the past ones."""


def make(home: Path, count: int) -> None:
    """Fill a new home with so many drafts, coming posts and past posts; with 0, leave it as it begins."""
    application = Application(Settings(home=home, timezone=ZONE))
    if count:
        _connect(application)
        pictures = [_picture(application, colour) for colour in ("#e07a5f", "#3d8d7a", "#5b6ee1")]
        _coming(application, count, pictures)
        _past(application, count, pictures)
        _drafts(application, count, pictures)
    application.close()


def _connect(application: Application) -> None:
    for destination, label in ACCOUNTS.items():
        application.accounts.connect(Account(destination=destination, label=label, address=ADDRESS))
    now = application.clock()
    checks = [
        AccountCheck(destination=Destination.parse(each), problem=None, since=None, checked_at=now) for each in ACCOUNTS
    ]
    content = TypeAdapter(list[AccountCheck]).dump_json(checks, by_alias=True)
    write_private(application.home.account_checks, content)
    application.labels.add(LABELS)
    for name, colour in LABELS.items():
        application.labels.change(name, Label.model_validate({"name": name, "colour": colour}))
    application.posting_times.save(None, suggested(ZONE), base=0)


def _coming(application: Application, count: int, pictures: list[Media]) -> None:
    """Schedule posts; every twentieth repeats, and every twentieth is paused."""
    for number, at in enumerate(_instants(application.clock(), count, 1)):
        members = _members(number, pictures)
        if number % 20 == 8:
            wall = wall_time(at, ZONE)
            days = ("MON", "WED", "FRI")[number // 20 % 3]
            rule = Repeat(expression=f"cron({wall.minute} {wall.hour} ? * {days} *)", starts_at=at)
            application.schedules.schedule(_post(members, at, due_at=None, repeat=rule))
            continue
        plan = application.schedules.schedule(_post(members, at, due_at=at))
        if number % 20 == 5:
            application.schedules.pause(plan)


def _past(application: Application, count: int, pictures: list[Media]) -> None:
    """Record past posts; about one in twelve was refused."""
    for number, at in enumerate(_instants(application.clock(), count, -1)):
        post = _post(_members(number, pictures), at, due_at=at)
        payload = invocation_of(post, at)
        for destination in post.destinations:
            refused = number % 12 == 7 and destination != "outbox"
            detail = {"reason": REASONS[number // 12 % len(REASONS)]} if refused else {}
            lag = timedelta(milliseconds=(12, 40, 90, 260, 1400)[number * 7 % 5])
            receipt = Receipt(
                kind="refused" if refused else "published",
                at=at + lag,
                revision=1,
                destination=destination,
                detail=detail,
            )
            application.ledger.record(payload, receipt)


def _drafts(application: Application, count: int, pictures: list[Media]) -> None:
    """Save drafts; every third is an idea, every tenth a template, every fourth proposes a time."""
    now = application.clock()
    ahead = _instants(now, count, 1)
    for number, at in enumerate(ahead):
        members = _members(number, pictures)
        idea = number % 3 == 2
        content = DraftContent(
            text=str(members["text"]),
            destinations=() if idea else members["destinations"],
            media=members["media"],
            labels=members["labels"],
            zone=ZONE,
            wall=_wall(at + timedelta(hours=1)) if number % 4 == 1 and not idea else None,
        )
        saved_at = now - timedelta(hours=5) * number
        application.drafts.save(new_post_id(), content, base=0, template=number % 10 == 6, now=saved_at)


def _members(number: int, pictures: list[Media]) -> dict[str, Any]:
    accounts = list(ACCOUNTS)
    destinations = [*accounts, "outbox"][: number % 4 + 1] if number % 3 == 0 else [accounts[number % 3]]
    labels = [list(LABELS)[number % 4]] if number % 2 == 0 else []
    media = (pictures[number // 4 % 3],) if number % 4 == 0 else ()
    return {
        "text": TEXTS[number % len(TEXTS)],
        "destinations": tuple(Destination.parse(each) for each in destinations),
        "labels": tuple(labels),
        "media": media,
    }


def _post(members: dict[str, Any], at: datetime, *, due_at: datetime | None, repeat: Repeat | None = None) -> Post:
    return Post(post_id=new_post_id(), zone=ZONE, wall=_wall(at), due_at=due_at, repeat=repeat, **members)


def _wall(at: datetime) -> str:
    return wall_time(at, ZONE).replace(tzinfo=None).isoformat(timespec="seconds")


def _instants(now: datetime, count: int, step: int) -> Iterator[datetime]:
    """Yield instants on useful hours, day after day: `step` 1 from tomorrow on, -1 from yesterday back."""
    today = wall_time(now, ZONE).date()
    a_day = max(1, -(-count // DAYS))
    for number in range(count):
        day = today + timedelta(days=step * (1 + (number // a_day if count >= DAYS else number * 2)))
        hour = next(islice(cycle(HOURS), number * 5 % len(HOURS), None))
        yield start_of_day(day, ZONE) + timedelta(hours=hour, minutes=number * 7 % 60)


def _picture(application: Application, colour: str) -> Media:
    image = Image.new("RGB", (600, 400), colour)
    ImageDraw.Draw(image).ellipse((180, 80, 420, 320), fill="#ffffff")
    content = io.BytesIO()
    image.save(content, "PNG")
    return ingest(application.media, content.getvalue(), alt="A white plate on a coloured cloth")
