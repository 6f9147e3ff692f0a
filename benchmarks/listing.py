"""Reading the queue: a walk of all of it, its first page, and a prefix, at 10,000 and at 1,000,000 schedules."""

import gc
import json
import resource
from typing import Any
from urllib.parse import urlencode

from botocore.awsrequest import AWSResponse

from benchmarks.measuring import FUNCTION, engine, heading, median_ms, row, schedule, verdict
from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.definitions import definition_of
from core.engine.store import Store
from core.time.instants import real_clock

NOW = 1_800_000_000_000
SIZES = (10_000, 1_000_000)


def fill(store: Store, first: int, last: int) -> None:
    """Add schedules as CreateSchedule would, without the way there: a hundred an hour, a hundred with each prefix."""
    definition = definition_of(schedule("NAME"))
    text = json.dumps({**definition, "Arn": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/NAME"})
    rows = (
        ("default", name, "ENABLED", FUNCTION, text.replace("NAME", name), NOW, NOW, NOW, NOW + number, NOW + number)
        for number in range(first, last)
        for name in [f"post-{number // 100:06}T{number % 100:02}-k3v9q2m4cx7a"]
    )
    store.write(
        lambda connection: connection.executemany(
            "INSERT INTO schedule (group_name, name, state, target_arn, definition, created, modified, anchor,"
            " occurrence, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
    )


class Canned:
    """Answers every request in this process with the same bytes: what botocore itself costs."""

    def __init__(self, client: Any) -> None:
        self._pages: list[bytes] = []
        self.client = client
        client.meta.events.register_first("before-send.scheduler", self)

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        body = self._pages.pop(0) if len(self._pages) > 1 else self._pages[0]
        return AWSResponse(request.url, 200, {"Content-Type": "application/json"}, Raw(body))

    def answer(self, pages: list[bytes]) -> None:
        self._pages = list(pages)


class Raw:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._content


def walk(client: Any) -> list[str]:
    pages = client.get_paginator("list_schedules").paginate(GroupName="default")
    return [summary["Name"] for page in pages for summary in page["Schedules"]]


def recorded(store: Store, pages: int) -> list[bytes]:
    """Return the bodies of the first pages that the engine answers to a walk."""
    api, bodies = Api(store, real_clock), []
    query = {"ScheduleGroup": "default"}
    for _ in range(pages):
        bodies.append(api.answer("GET", "/schedules", urlencode(query), {}, b"")[2])
        query["NextToken"] = json.loads(bodies[-1]).get("NextToken", "")
    return bodies


def pages_of(store: Store, canned: Canned, client: Any, size: int) -> None:
    """Measure the first page and a prefix against a canned page."""
    canned.answer(recorded(store, 1))
    floor = median_ms(lambda: canned.client.list_schedules(GroupName="default"), 200)
    first = median_ms(lambda: client.list_schedules(GroupName="default"), 200)
    prefix = median_ms(lambda: client.list_schedules(GroupName="default", NamePrefix="post-000050T"), 200)
    row(f"a canned page of 100, {size:,} schedules", f"{floor:.2f} ms")
    row(f"the first page of {size:,}", f"{first:.2f} ms", verdict(first / floor, at_most=1.5))
    row(f"a prefix with 100 hits in {size:,}", f"{prefix:.2f} ms", verdict(prefix / floor, at_most=1.5))


def whole_walk(store: Store, canned: Canned, client: Any, size: int) -> None:
    """Measure a walk of all pages against a walk of the same pages, canned."""
    names = walk(client)
    assert len(names) == len(set(names)) == size, "the walk is not exact"
    bodies = recorded(store, size // 100)

    def canned_walk() -> None:
        canned.answer(bodies)
        walk(canned.client)

    least, own = median_ms(canned_walk, 5), median_ms(lambda: walk(client), 5)
    row(f"a walk of {size:,}, canned pages", f"{least:,.0f} ms")
    row(f"a walk of {size:,}", f"{own:,.0f} ms", verdict(own / least, at_most=2))


def main() -> None:
    heading("Reading the queue")
    small, large = SIZES
    with engine() as (store, client):
        canned = Canned(local_clients(Api(store, real_clock)).scheduler)
        fill(store, 0, small)
        pages_of(store, canned, client, small)
        whole_walk(store, canned, client, small)
        fill(store, small, large)
        pages_of(store, canned, client, large)
        gc.collect()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        row(f"memory with {large:,} pending, at most", f"{peak:,.0f} MB", verdict(peak / 300, at_most=1))


if __name__ == "__main__":
    main()
