"""Many schedules created and read back together: the port, and its adapter for AWS."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, Protocol

from core.aws_errors import translate_aws_errors
from core.errors import PunctualError
from core.scheduling.outages import is_outage

Request = Mapping[str, Any]
"""The parameters of CreateSchedule for boto3."""

THREADS = 16
"""Requests to AWS at the same time."""


class ManySchedules(Protocol):
    """Creates schedules and reads them, many at a time. Any thread may use it."""

    def create(self, requests: Sequence[Request]) -> list[PunctualError | None]:
        """Create the schedules; return the error of each, None for one that exists now.

        After an outage, the requests that were not sent have its error too.
        """
        ...

    def stored(self, group: str, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return the schedules that were found, by name, as GetSchedule returns them. One that fails is left out."""
        ...


class ConcurrentSchedules:
    """The port on a boto3 client: requests whose waits overlap."""

    def __init__(self, scheduler: Any) -> None:
        """`scheduler` is a boto3 client."""
        self._scheduler = scheduler

    def create(self, requests: Sequence[Request]) -> list[PunctualError | None]:
        """Send THREADS requests at a time."""
        outage = _Outage()

        def create(request: Request) -> PunctualError | None:
            return outage.unless(lambda: self._scheduler.create_schedule(**request))

        with ThreadPoolExecutor(THREADS, thread_name_prefix="create") as pool:
            return list(pool.map(create, requests))

    def stored(self, group: str, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Send THREADS requests at a time. A listing needs fewer, but contains neither times nor contents."""
        found: dict[str, Mapping[str, Any]] = {}
        outage = _Outage()

        def read(name: str) -> None:
            def get() -> None:
                found[name] = self._scheduler.get_schedule(Name=name, GroupName=group)

            outage.unless(get)

        with ThreadPoolExecutor(THREADS, thread_name_prefix="read-back") as pool:
            list(pool.map(read, names))
        return found


class _Outage:
    """The first outage among concurrent requests. It keeps the later ones from being sent."""

    def __init__(self) -> None:
        self._error: PunctualError | None = None
        self._begun = Event()

    def unless(self, send: Callable[[], object]) -> PunctualError | None:
        """Send a request, and return its error, or the outage."""
        if self._begun.is_set():
            return self._error
        try:
            with translate_aws_errors():
                send()
        except PunctualError as error:
            if is_outage(error) and not self._begun.is_set():
                self._error = error
                self._begun.set()
            return error
        return None
