"""The checks of links in the background."""

import threading

import pytest

from core.publishing.link_checks import KEPT, LinkChecks

GONE, FINE, UNKNOWN = "https://example.com/gone", "https://example.com/", "https://nowhere.example/"


class Pages:
    """Answers for pages; counts the requests. While `open` is not set, requests wait."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.open = threading.Event()
        self.open.set()

    def status_of(self, url: str) -> int | None:
        self.open.wait(5)
        self.requests.append(url)
        return {GONE: 404, FINE: 200}.get(url)


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def checks(pages, clock) -> LinkChecks:
    return LinkChecks(clock, pages.status_of)


def settle(checks, clock, *urls):
    checks.broken(urls)
    clock.move(seconds=2)
    checks.broken(urls)
    checks.wait(urls, seconds=5)


def test_a_missing_page_is_broken_and_requested_once(checks, pages, clock):
    settle(checks, clock, GONE, FINE, UNKNOWN)
    assert checks.broken([GONE, FINE, UNKNOWN]) == {GONE: 404}
    assert sorted(pages.requests) == sorted([GONE, FINE, UNKNOWN])


def test_a_link_that_is_still_typed_is_not_requested(checks, pages, clock):
    for length in range(12, len(GONE) + 1):
        assert checks.broken([GONE[:length]]) == {}
        clock.move(seconds=1)
    assert pages.requests == []
    assert checks.unknown([GONE])


def test_a_page_that_breaks_its_request_does_not_stop_the_checks(clock):
    def status_of(url):
        if url != GONE:
            raise RuntimeError
        return 404

    checks = LinkChecks(clock, status_of)
    settle(checks, clock, FINE, UNKNOWN)
    settle(checks, clock, GONE)
    assert checks.broken([FINE, UNKNOWN, GONE]) == {GONE: 404}


def test_nobody_waits_for_a_slow_page(checks, pages, clock):
    pages.open.clear()
    checks.broken([GONE])
    clock.move(seconds=2)
    assert checks.broken([GONE]) == {}
    assert checks.unknown([GONE])
    pages.open.set()
    checks.wait([GONE], seconds=5)
    assert not checks.unknown([GONE])
    assert checks.broken([GONE]) == {GONE: 404}


def test_a_result_counts_for_an_hour(checks, pages, clock):
    settle(checks, clock, GONE)
    clock.move(hours=1)
    assert checks.broken([GONE]) == {}
    settle(checks, clock, GONE)
    assert pages.requests == [GONE, GONE]


def test_few_links_are_remembered(checks, pages, clock):
    settle(checks, clock, GONE)
    checks.broken([f"https://example.com/{number}" for number in range(KEPT)])
    assert not checks.unknown([GONE])
    assert checks.broken([GONE]) == {}
