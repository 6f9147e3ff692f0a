"""The bill: its assumptions against the stack, and every cell of the README's table."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from cdk_min.bill import (
    ALARMS,
    POSTING_GB,
    PRICES,
    PRICES_OF,
    RELAY_GB,
    RELAY_SECONDS,
    list_dollars,
    monthly_dollars,
    usage,
)
from core.backends.aws import LEAD

README = (Path(__file__).resolve().parent.parent.parent / "cdk_min" / "README.md").read_text()
ROW = r"^\| ([\d,]+) " + r"\| ([\d.]+) " * 4 + r"\|$"


def test_the_readmes_table_holds_the_bill():
    rows = [(int(posts.replace(",", "")), *map(Decimal, cells)) for posts, *cells in re.findall(ROW, README, re.M)]
    assert [posts for posts, *_ in rows] == [100, 1_000, 10_000, 100_000]
    for posts, *cells in rows:
        expected = [dollars(posts, size) for size in ("small", "full") for dollars in (monthly_dollars, list_dollars)]
        assert cells == expected, f"{posts} posts: {expected}"


def test_the_readme_names_the_month_of_the_prices():
    assert f"as of {PRICES_OF}" in README


def test_a_thousand_posts_of_the_small_stack_cost_eleven_cents_by_hand():
    gb_seconds = 1000 * 62 * 0.125 * 0.0000133334
    others = 1000 * (0.000001 + 0.0000002 + 0.000003 * 0.5)
    assert list_dollars(1000, "small") == Decimal(f"{gb_seconds + others:.2f}") == Decimal("0.11")


def test_each_use_has_a_price():
    assert set(usage(1, "small")) < set(usage(1, "full")) == set(PRICES)


def test_the_free_allowances_make_few_posts_free():
    assert monthly_dollars(10_000, "small") == 0 < list_dollars(10_000, "small")


# The assumptions


@pytest.mark.parametrize(("function", "gb"), [("Relay", RELAY_GB), ("PostingServer", POSTING_GB)])
def test_the_memory_is_that_of_the_functions(syntheses, function, gb):
    resources = syntheses["lambda"].read("Punctual.template.json")["Resources"].items()
    [memory] = [
        each["Properties"]["MemorySize"]
        for name, each in resources
        if name.startswith(function) and each["Type"] == "AWS::Lambda::Function"
    ]
    assert memory == 1024 * gb


def test_the_relay_waits_for_the_whole_lead_at_most():
    assert LEAD.total_seconds() <= RELAY_SECONDS


def test_the_alarms_are_those_of_the_full_stack(syntheses):
    resources = syntheses["lambda"].read("Punctual.template.json")["Resources"].values()
    assert len([each for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"]) == ALARMS
