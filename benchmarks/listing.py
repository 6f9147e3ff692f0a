"""ListSchedules at 10,000 and at 1,000,000 schedules: all pages, the first page, and a prefix."""

import gc
import json
import resource
from typing import Any
from urllib.parse import urlencode

from botocore.awsrequest import AWSResponse

from benchmarks.measuring import FUNCTION, RawResponse, engine, heading, median_ms, row, schedule, verdict
from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.definitions import definition_of
from core.engine.store import Store
from core.time.instants import real_clock

NOW = 1_800_000_000_000
SIZES = (10_000, 1_000_000)


def fill(store: Store, first: int, last: int) -> None:
    """Write schedules as CreateSchedule does, with 100 names for each hour prefix."""
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


class RecordedResponses:
    """Answers requests with recorded bytes, to measure the cost of botocore alone."""

    def __init__(self, client: Any) -> None:
        self._pages: list[bytes] = []
        self.client = client
        client.meta.events.register_first("before-send.scheduler", self)

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        """Answer a request of botocore with the next page; the last page repeats."""
        body = self._pages.pop(0) if len(self._pages) > 1 else self._pages[0]
        return AWSResponse(request.url, 200, {"Content-Type": "application/json"}, RawResponse(body))

    def replay(self, pages: list[bytes]) -> None:
        """Answer the next requests with these pages."""
        self._pages = list(pages)


def walk(client: Any) -> list[str]:
    """Return the names of all schedules."""
    pages = client.get_paginator("list_schedules").paginate(GroupName="default")
    return [summary["Name"] for page in pages for summary in page["Schedules"]]


def record_pages(store: Store, pages: int) -> list[bytes]:
    """Return the bodies of the engine's first pages."""
    api, bodies = Api(store, real_clock), []
    query = {"ScheduleGroup": "default"}
    for _ in range(pages):
        bodies.append(api.handle("GET", "/schedules", urlencode(query), {}, b"")[2])
        query["NextToken"] = json.loads(bodies[-1]).get("NextToken", "")
    return bodies


def measure_pages(store: Store, recorded: RecordedResponses, client: Any, size: int) -> None:
    """Compare the first page and a prefix with a recorded page."""
    recorded.replay(record_pages(store, 1))
    floor = median_ms(lambda: recorded.client.list_schedules(GroupName="default"), 200)
    first = median_ms(lambda: client.list_schedules(GroupName="default"), 200)
    prefix = median_ms(lambda: client.list_schedules(GroupName="default", NamePrefix="post-000050T"), 200)
    row(f"a recorded page of 100, {size:,} schedules", f"{floor:.2f} ms")
    row(f"the first page of {size:,}", f"{first:.2f} ms", verdict(first / floor, at_most=1.5))
    row(f"a prefix with 100 hits in {size:,}", f"{prefix:.2f} ms", verdict(prefix / floor, at_most=1.5))


def measure_walk(store: Store, recorded: RecordedResponses, client: Any, size: int) -> None:
    """Compare a walk of all pages with a walk of the same pages, recorded."""
    names = walk(client)
    assert len(names) == len(set(names)) == size, "the walk repeats or omits names"
    bodies = record_pages(store, size // 100)

    def recorded_walk() -> None:
        recorded.replay(bodies)
        walk(recorded.client)

    recorded_ms, own_ms = median_ms(recorded_walk, 5), median_ms(lambda: walk(client), 5)
    row(f"a walk of {size:,}; recorded pages", f"{recorded_ms:,.0f} ms")
    row(f"a walk of {size:,}", f"{own_ms:,.0f} ms", verdict(own_ms / recorded_ms, at_most=2))


def main() -> None:
    """Run the benchmark."""
    heading("Reading the queue")
    small, large = SIZES
    with engine() as (store, client):
        recorded = RecordedResponses(local_clients(Api(store, real_clock)).scheduler)
        fill(store, 0, small)
        measure_pages(store, recorded, client, small)
        measure_walk(store, recorded, client, small)
        fill(store, small, large)
        measure_pages(store, recorded, client, large)
        gc.collect()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        row(f"memory with {large:,} pending, at most", f"{peak:,.0f} MB", verdict(peak / 300, at_most=1))


if __name__ == "__main__":
    main()
