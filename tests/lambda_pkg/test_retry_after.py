"""The wait that a Retry-After header asks for."""

from datetime import timedelta

import pytest

from lambda_pkg.retry_after import parse_retry_after


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("0", 0),
        ("-5", 0),
        ("86401", 86_400),
        ("9" * 400, 86_400),
        ("Tue, 24 Nov 2026 08:01:30 GMT", 90),
        ("Tue, 24 Nov 2026 07:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
    ],
)
def test_seconds_and_dates_give_a_wait_of_up_to_a_day(due, header, seconds):
    assert parse_retry_after(header, due) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "header",
    [
        *("", "soon", "nan", "inf", "1e3", "٧", "2026-11-24", "Tue, 24 Nov 2026 08:01:30", "Tue, 24 Nov 0000"),
        "Tue, 24 Nov 2026 08:01:30 +99999999999999999999",
        "Tue, 99999999999999999999 Nov 2026 08:01:30 GMT",
    ],
)
def test_any_other_header_gives_no_wait(due, header):
    assert parse_retry_after(header, due) is None
