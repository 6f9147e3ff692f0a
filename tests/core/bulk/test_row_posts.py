"""Rows with repeat rules, texts for single accounts, and the warnings of the second look."""

from datetime import time

import pytest

from core.accounts.port import Account
from core.bulk.loading import load
from core.bulk.report import dry_run_rows
from core.scheduling.caution_settings.port import CautionSettings


def kinds(checked):
    return [[caution.kind for caution in each.cautions] for each in checked.rows]


def test_a_row_that_repeats_becomes_a_series(check, application):
    table = "text,date,repeat\nStand-up,2026-12-24 09:00,weekdays\nPay,2027-01-15 10:00,monthly:last\n"
    checked = check(table)
    assert [each["repeats"] for each in dry_run_rows(checked.rows)] == [
        "Every weekday at 09:00 Europe/Berlin",
        "On the last day of every month at 10:00 Europe/Berlin",
    ]
    assert load(application, checked).count("created") == 2
    assert sorted(plan.post.repeat.expression for plan in application.ledger.series(limit=9)) == [
        "cron(0 10 L * ? *)",
        "cron(0 9 ? * MON-FRI *)",
    ]
    assert {each.verdict for each in check(table).rows} == {"there"}
    other = check("text,date,repeat\nStand-up,2027-02-01 09:00,weekdays\nStand-up,2027-02-01 09:00,daily\n")
    assert [each.verdict for each in other.rows] == ["duplicate", "create"]


def test_series_with_one_text_and_other_weeks_or_another_zone_are_no_duplicates(check, application):
    load(application, check("text,date,zone,repeat\nPay,2026-12-21 09:00,UTC,mon\n"))
    others = "Pay,2026-12-21 09:00,UTC,every-2-weeks:mon\nPay,2026-12-21 09:00,Asia/Tokyo,mon\n"
    checked = check(f"text,date,zone,repeat\n{others}Pay,2026-12-28 09:00,UTC,mon\n")
    assert [each.verdict for each in checked.rows] == ["create", "create", "duplicate"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A,,weekdays", "A post that repeats needs a date and time."),
        ("A,2026-12-24 09:00,sometimes", "'sometimes' is not a repeat rule."),
        ("A,2026-12-24 09:00,monthly:32", "'monthly:32' is not a repeat rule. No month has a day 32."),
        ("A,2026-12-24 09:00,,2027-01-31", "The row has a value for Last date, and does not repeat."),
        ("A,2026-12-24 09:00,daily,2027-01-31 12:00", "'2027-01-31 12:00' is no date."),
        ("A,2026-12-24 09:00,daily,2027-02-31", "'2027-02-31' is no date."),
        ("A,2026-12-24 09:00,daily,2026-12-01", "The last date, 01 Dec 2026, is before the first, 24 Dec 2026."),
        ("A,2026-12-24 09:00,daily,,0", "'0' is no number of runs."),
        ("A,2026-12-24 09:00,daily,,1001", "A series can end after at most 1,000 runs, not 1,001."),
        (
            "A,2026-12-24 09:00,daily,,,2026-12-24 10:00",
            "The series has no run at '2026-12-24 10:00' that can be skipped.",
        ),
    ],
)
def test_a_rule_or_its_end_that_cannot_be_read_is_refused(check, row, reason):
    checked = check(f"text,date,repeat,until,runs,skipped\n{row}\n")
    assert (checked.rows[0].verdict, checked.rows[0].reason) == ("refused", reason)


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("option:Sales:sound", "off", "Sales has no option 'sound'."),
        ("option:Sales:silent", "perhaps", "Silent for Sales cannot be 'perhaps'."),
        ("option:Outbox:silent", "yes", "There is an option for Outbox (built in), which is none of the destinations."),
    ],
)
def test_an_option_that_its_account_does_not_have_is_refused(check, application, column, cell, reason):
    application.accounts.connect(Account(destination="telegram:sales", label="Sales"))
    checked = check(f"text,date,to,{column}\nHello,2026-12-24 09:00,Sales,{cell}\n")
    assert (checked.rows[0].verdict, checked.rows[0].reason) == ("refused", reason)


def test_options_of_an_account_that_columns_name_in_two_ways_are_all_kept(check, application):
    application.accounts.connect(Account(destination="mastodon:ada", label="Ada"))
    columns = "option:Ada:visibility,option:mastodon:ada:sensitive"
    checked = check(f"text,date,to,{columns}\nHello,2026-12-24 09:00,Ada,unlisted,yes\n")
    assert checked.rows[0].post.options == {"mastodon:ada": {"visibility": "unlisted", "sensitive": True}}


def test_an_account_gets_its_own_text(check, application):
    application.accounts.connect(Account(destination="webhook:sales", label="Sales"))
    checked = check(
        "text,date,to,text:Sales\n"
        'Hello,2026-12-24 09:00,"outbox, Sales",Hello sellers\n'
        'Hello,2026-12-24 10:00,"outbox, Sales",\n'
        "Hello,2026-12-24 11:00,outbox,Hello sellers\n"
    )
    posts = [each.post for each in checked.rows]
    assert [posts[0].text_for(each) for each in posts[0].destinations] == ["Hello", "Hello sellers"]
    assert posts[1].variants == {}
    assert checked.rows[2].reason == "The row has a text for Sales, which is none of its destinations."
    load(application, checked)
    assert application.schedules.plan(posts[0].post_id).post == posts[0]


def test_rows_are_warned_of_the_queue_of_each_other_and_of_their_times(check, application):
    load(application, check("text,date\nQueued,2027-01-12 09:00\n"))
    checked = check(
        "text,date\nqueued,2027-01-14 09:00\nNear,2027-01-12 09:05\nOne,2027-01-20 09:00\nOther,2027-01-20 09:04\n"
        "Same,2027-02-02 09:00\nSame,2027-02-09 09:00\nNight,2027-01-28 23:30\nHoliday,2027-01-01 12:00\n"
        "Fine,2027-03-02 12:00\n"
    )
    assert kinds(checked) == [
        *(["same text"], ["close posts"], ["close posts"], ["close posts"]),
        *(["same text"], ["same text"], ["quiet hours"], ["holidays"], []),
    ]
    assert checked.count("create") == 9


def test_warnings_that_are_switched_off_are_not_given(check, application):
    table = "text,date\nSame,2027-02-02 23:00\nSame,2027-02-02 23:05\n"
    assert sorted({kind for each in kinds(check(table)) for kind in each}) == [
        "close posts",
        "quiet hours",
        "same text",
    ]
    application.second_look.save(CautionSettings(off={"same text", "close posts"}, quiet_from=time(1)))
    assert kinds(check(table)) == [[], []]
