"""The seconds of pages and actions on AWS, where each request takes 50 ms, with 10, 200 and 2,000 schedules.

`python -m benchmarks.aws_pages [COUNT ...]`. The pages run in this process. So do the table and the scheduler, whose
pages are as long as AWS's. With `-v`, the requests of each action are listed.
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore import handlers
from botocore.awsrequest import AWSResponse
from streamlit.testing.v1 import AppTest

from benchmarks.measuring import ROOT, RawResponse, heading, row, within
from benchmarks.memory_table import MemoryTable
from core.accounts.port import Account
from core.application import Application
from core.bulk.batches import batch_scheduling
from core.drafts.draft import DraftContent
from core.engine.api import Api
from core.engine.store import Store
from core.ledger.port import Receipt
from core.posts.models import Post, Repeat, new_post_id
from core.posts.payload import invocation_of
from core.settings import Settings
from core.timetable.timetable import suggested
from lambda_pkg.event import LATER_MEMBERS
from ui.frame import application as opened
from ui.frame import health_light

LATENCY = 0.05
"""Seconds of each request."""
COUNTS = (10, 200, 2000)
ACCOUNT, REGION, GROUP, ZONE = "123456789012", "us-east-1", "punctual", "Europe/Berlin"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/scheduler"
TABLE = "ledger"
SETTINGS = {
    "PUNCTUAL_MODE": "aws",
    "PUNCTUAL_FUNCTION_ARN": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:relay",
    "PUNCTUAL_ROLE_ARN": ROLE,
    "PUNCTUAL_GROUP": GROUP,
    "PUNCTUAL_TABLE": TABLE,
    "PUNCTUAL_ACCOUNTS_PATH": "/punctual/accounts",
}
ACCOUNTS = ("outbox", "webhook:news", "webhook:sales")
ANSWERS: dict[str, Any] = {
    "GetParametersByPath": {
        "Parameters": [
            {
                "Name": f"/punctual/accounts/{each}",
                "Value": Account(destination=each, label=each, address="http://127.0.0.1:9").model_dump_json(),
            }
            for each in ACCOUNTS[1:]
        ]
    },
    "GetFunctionConfiguration": {"Environment": {"Variables": {"PAYLOAD_MEMBERS": ",".join(LATER_MEMBERS)}}},
    "GetFunctionConcurrency": {},
    "GetAccountSettings": {"AccountLimit": {"UnreservedConcurrentExecutions": 1000}},
}
"""The responses of Parameter Store and Lambda."""
DAYS = 30
"""The days over which the coming posts are spread, and the past ones."""
PAST, REFUSED, SERIES, DRAFTS = 60, 6, 5, 10
PAGE_AIM, SEARCH_AIM = 1.5, 2.0
OPEN, NOT_OPEN = timedelta(seconds=10), timedelta(minutes=1)
"""How old the reads of an open page are, which reads every 15 seconds, and those of a page that is opened again."""
PATIENCE = 120
"""Seconds."""


class Wire:
    """What lies between boto3 and AWS: it counts the requests, delays each, and answers it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._table = MemoryTable(TABLE)
        self._lock = threading.Lock()
        self.latency = 0.0
        self.sent: list[tuple[str, float, float]] = []
        """The operation of each request, and when it began and ended."""

    def __call__(self, event_name: str, request: Any, **_: Any) -> AWSResponse:
        """Handle botocore's before-send event."""
        _, service, operation = event_name.split(".")
        began = time.perf_counter()
        time.sleep(self.latency)
        response = self._answer(service, operation, request)
        with self._lock:
            self.sent.append((operation, began, time.perf_counter()))
        return response

    def in_a_row(self) -> int:
        """Return the length of the longest chain of requests in which each waited for the end of the one before."""
        count, last = 0, 0.0
        for _, began, ended in sorted(self.sent, key=lambda each: each[2]):
            if began >= last:
                count, last = count + 1, ended
        return count

    def _answer(self, service: str, operation: str, request: Any) -> AWSResponse:
        url, headers = urlsplit(request.url), {}
        if service == "scheduler":
            status, headers, content = self._api.handle(request.method, url.path, url.query, {}, request.body or b"")
        elif service == "dynamodb":
            status, found = self._table.answer(operation, request.body)
            content = json.dumps(found).encode()
        else:
            content, status = json.dumps(ANSWERS[operation]).encode(), 200
        return AWSResponse(request.url, status, headers, RawResponse(content))


class MovableClock:
    """The real clock, set forward on demand, so that what pages keep for a while is old."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self.ahead


@contextmanager
def dashboard() -> Iterator[tuple[Application, Wire, MovableClock]]:
    """Open the dashboard of a new deployment."""
    clock = MovableClock()
    credentials = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, credentials):
        store = Store(Path(folder, "engine.db"), now=clock())
        wire = Wire(Api(store, clock, account=ACCOUNT, region=REGION))
        with patch.object(handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, ("before-send", wire)]):
            application = Application(Settings.read(SETTINGS | {"PUNCTUAL_HOME": f"{folder}/home"}), clock)
        application.backend.scheduler_client.create_schedule_group(Name=GROUP)
        opened._opened.append(application)
        yield application, wire, clock
        opened.close()
        store.close()


def a_post(number: int, due_at: datetime, **changed: Any) -> Post:
    """Return a post."""
    members = {
        "post_id": new_post_id(),
        "text": f"Number {number:05}: two hundred and eighty characters of good news. " + "Good news. " * 20,
        "destinations": (ACCOUNTS[number % 3],),
        "labels": ("Launch",) if number % 2 else (),
        "zone": ZONE,
        "wall": "2026-11-24T09:00:00",
        "due_at": due_at,
    }
    return Post(**members | changed)


def fill(application: Application, count: int) -> None:
    """Schedule posts; a few of them repeat. Record past posts, and save drafts."""
    now = application.clock().replace(microsecond=0)
    application.labels.add(["Launch"])
    application.posting_times.save(None, suggested(ZONE), base=0)
    rules = [Repeat(expression=f"cron({number} 9 ? * MON *)") for number in range(SERIES)]
    posts = [a_post(number, None, repeat=rule) for number, rule in enumerate(rules)]
    posts += [a_post(n, now + timedelta(minutes=20) + timedelta(days=DAYS) * n / count) for n in range(count - SERIES)]
    scheduling = batch_scheduling(application)
    for start in range(0, len(posts), 100):
        results = scheduling.schedule(posts[start : start + 100])
        assert all(each.plan and each.plan.settled for each in results.values())
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda number: past(application, number, now - timedelta(days=DAYS) * number / PAST), range(PAST))
        )
    for number in range(DRAFTS):
        content = DraftContent(text=f"Idea {number}", destinations=("outbox",), zone=ZONE)
        application.drafts.save(new_post_id(), content, base=0, now=now - timedelta(hours=number))


def past(application: Application, number: int, due_at: datetime) -> None:
    """Record a past post. One in ten was refused."""
    payload = invocation_of(a_post(number, due_at), due_at)
    refused = number < REFUSED * 10 and number % 10 == 0
    receipt = Receipt(
        kind="refused" if refused else "published", at=due_at, revision=1, destination=payload.destinations[0]
    )
    application.ledger.record(payload, receipt)
    application.ledger.record(payload, Receipt(kind="handed_over", at=due_at, revision=1))


def session(page: str) -> AppTest:
    """Return a browser session on a page, which is not drawn yet."""
    test = AppTest(ROOT / "ui" / "frame" / "shell.py", default_timeout=PATIENCE)
    test.context["timezone"] = ZONE
    if page != "compose":
        test.switch_page(f"../../pages/{page}.py")
    return test


def drawn(test: AppTest) -> AppTest:
    """Draw a page."""
    test.run()
    assert not test.exception, [each.value for each in test.exception]
    return test


def open_page(page: str) -> Callable[[], Callable[[], object]]:
    """Return the preparation of a visit to a page, which returns the visit."""

    def prepare() -> Callable[[], object]:
        test = session(page)
        return lambda: drawn(test)

    return prepare


def write_and_schedule() -> Callable[[], object]:
    """Write a draft, and return the click on Schedule."""
    test = drawn(session("compose"))
    draft = test.session_state["draft"]
    test.text_area(key=f"text-{draft}").set_value("Good morning")
    drawn(test).button(key=f"schedule-{draft}").click()

    def schedule() -> None:
        drawn(test)
        assert "Scheduled" in " ".join(each.value for each in test.markdown)

    return schedule


def search() -> Callable[[], object]:
    """Open the queue, and return the search for a post that is far down."""
    test = drawn(session("queue"))
    test.text_input(key="search").set_value("00004")

    def find() -> None:
        drawn(test)
        assert any("Number 00004" in each.value for each in test.text)

    return find


def cancel() -> Callable[[], object]:
    """Open the queue, and return the click on Cancel of the first post."""
    test = drawn(session("queue"))
    next(each for each in test.button if (each.key or "").startswith("cancel-")).click()
    return lambda: drawn(test)


ACTIONS: dict[str, tuple[Callable[[], Callable[[], object]], timedelta, float]] = {
    "Queue": (open_page("queue"), NOT_OPEN, PAGE_AIM),
    "Calendar": (open_page("calendar"), NOT_OPEN, PAGE_AIM),
    "Compose": (open_page("compose"), NOT_OPEN, PAGE_AIM),
    "Schedule": (write_and_schedule, OPEN, PAGE_AIM),
    "Search": (search, OPEN, SEARCH_AIM),
    "Cancel": (cancel, OPEN, PAGE_AIM),
}
"""The preparation of each action, how long before it the pages have read, and its aim in seconds."""


def measure(application: Application, wire: Wire, clock: MovableClock, count: int) -> None:
    """Print the seconds of each action, with its requests."""
    for prepare, _, _ in ACTIONS.values():  # compile the pages
        prepare()()
    for name, (prepare, age, aim) in ACTIONS.items():
        act = prepare()
        clock.ahead += age
        wire.latency, wire.sent = LATENCY, []
        began, began_of_process = time.perf_counter(), time.process_time()
        act()
        seconds, work = time.perf_counter() - began, time.process_time() - began_of_process
        wire.latency = 0.0
        row(f"{name}, {count:,} schedules", f"{seconds:.2f} s", within(seconds, aim, "s"))
        row(f"  {len(wire.sent)} requests, {wire.in_a_row()} in a row", f"{work:.2f} s of processor time")
        if "-v" in sys.argv:
            for each in sorted(wire.sent, key=lambda each: each[1]):
                print(f"      {each[1] - began:.3f} {each[2] - began:.3f} {each[0]}")


def main() -> None:
    """Print the figures of each count."""
    heading(f"Pages on AWS with {LATENCY * 1e3:.0f} ms for each request")
    health_light.run_checks = lambda *_: []  # they run beside the pages, once a minute
    for count in [int(each) for each in sys.argv[1:] if each.isdecimal()] or COUNTS:
        with dashboard() as parts:
            fill(parts[0], count)
            measure(*parts, count)


if __name__ == "__main__":
    main()
