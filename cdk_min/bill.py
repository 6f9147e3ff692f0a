"""What a stack costs a month, by AWS's list prices."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Size = Literal["small", "full"]
"""`full` is the full stack with the posting server on Lambda."""

PRICES_OF = "November 2026"
"""The month of the list prices, in us-east-1."""


@dataclass(frozen=True)
class Price:
    """The price of one unit in US dollars, and the units that every account gets free each month."""

    dollars: Decimal
    free: Decimal = Decimal(0)


PRICES = {
    "schedule run": Price(Decimal("0.000001"), free=Decimal(14_000_000)),
    "request to Lambda": Price(Decimal("0.0000002"), free=Decimal(1_000_000)),
    "GB-second of Lambda on ARM": Price(Decimal("0.0000133334"), free=Decimal(400_000)),
    "GB of logs": Price(Decimal("0.50"), free=Decimal(5)),
    "alarm": Price(Decimal("0.10"), free=Decimal(10)),
    "request to SQS": Price(Decimal("0.0000004"), free=Decimal(1_000_000)),
    "write unit of DynamoDB": Price(Decimal("0.000000625")),
    "read unit of DynamoDB": Price(Decimal("0.000000125")),
    "GB in DynamoDB": Price(Decimal("0.25"), free=Decimal(25)),
    "GB in DynamoDB's backup": Price(Decimal("0.20")),
}

RELAY_SECONDS, RELAY_GB = Decimal(62), Decimal("0.125")
"""The relay waits for up to a minute and sends the post, in 128 MB. The average wait is half of that."""
POSTING_SECONDS, POSTING_GB = Decimal(4), Decimal(1)
"""The posting function takes one second to start, when the relay asks it to prepare, and three to publish."""
LOG_GB = Decimal("0.000003")
"""The log lines of one function for one post, 3 KB."""
WRITE_UNITS, READ_UNITS = Decimal(30), Decimal(20)
"""To plan a short post, to relay and publish it to one account, and to show it: 27 and 18 by count."""
ITEMS_GB = Decimal("0.000004") * 13
"""What the table keeps of the posts of a month, 4 KB a post, for 13 months."""
POLLS = Decimal(650_000)
"""Lambda asks the on-failure queue for events with five long polls of 20 seconds at a time."""
ALARMS = Decimal(2)


def usage(posts: int, size: Size) -> dict[str, Decimal]:
    """Return how many units of each kind posts a month use, each to one account."""
    used = {
        "schedule run": Decimal(posts),
        "request to Lambda": Decimal(posts),
        "GB-second of Lambda on ARM": posts * RELAY_SECONDS * RELAY_GB,
        "GB of logs": posts * LOG_GB,
    }
    if size == "small":
        return used
    return {
        **used,
        "request to Lambda": Decimal(3 * posts),
        "GB-second of Lambda on ARM": posts * (RELAY_SECONDS * RELAY_GB + POSTING_SECONDS * POSTING_GB),
        "GB of logs": 2 * posts * LOG_GB,
        "alarm": ALARMS,
        "request to SQS": POLLS,
        "write unit of DynamoDB": posts * WRITE_UNITS,
        "read unit of DynamoDB": posts * READ_UNITS,
        "GB in DynamoDB": posts * ITEMS_GB,
        "GB in DynamoDB's backup": posts * ITEMS_GB,
    }


def list_dollars(posts: int, size: Size) -> Decimal:
    """Return the price of a month in US dollars in an account that has used up its free allowances."""
    return _rounded(sum(PRICES[kind].dollars * units for kind, units in usage(posts, size).items()))


def monthly_dollars(posts: int, size: Size) -> Decimal:
    """Return the price of a month in US dollars in an account whose free allowances nothing else uses."""
    charged = {kind: max(units - PRICES[kind].free, Decimal(0)) for kind, units in usage(posts, size).items()}
    return _rounded(sum(PRICES[kind].dollars * units for kind, units in charged.items()))


def _rounded(dollars: Decimal | int) -> Decimal:
    return Decimal(dollars).quantize(Decimal("0.01"))
