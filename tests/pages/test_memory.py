"""Opening pages does not fill the memory, although no full garbage collection follows a run."""

import os
from itertools import cycle, islice
from pathlib import Path

import pytest
from streamlit import config

PAGES = ("queue", "compose", "calendar", "history", "outbox")
VISITS = 300
MOST_GROWTH = 24 * 2**20
STATM = Path("/proc/self/statm")


def resident():
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_no_full_garbage_collection_follows_each_run():
    assert config.get_option("runner.postScriptGC") is False


@pytest.mark.skipif(not STATM.exists(), reason="the system reports no resident memory here")
def test_the_memory_stays_flat_over_300_page_visits(browse, plan):
    for minutes in range(10, 15):
        plan(minutes=minutes)
    session = browse("queue")
    for page in islice(cycle(PAGES), 100):  # fills the caches
        session.open(page)
    memory = resident()
    for page in islice(cycle(PAGES), VISITS):
        session.open(page)
    assert resident() - memory < MOST_GROWTH
