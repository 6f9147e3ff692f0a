"""The second look before a post is scheduled: each warning, and what switches it off."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from core.accounts.port import Account
from core.application import Application
from core.ledger.port import Receipt
from core.posts.models import Media, Post, Repeat, new_post_id
from core.posts.payload import invocation_of
from core.publishing.link_checks import LinkChecks
from core.publishing.second_look import SecondLook
from core.scheduling.caution_settings.port import CautionKind, CautionSettings
from core.scheduling.post_time import PostTime
from core.scheduling.shared_reads import SharedReads
from core.settings import Settings

ZONE = "Europe/Berlin"
DUE = datetime(2026, 11, 4, 9, 30, tzinfo=UTC)  # 10:30 in Berlin
PICTURE = Media(reference="0" * 64, kind="picture", content_type="image/png", size=9, width=1, height=1)
GONE = "https://example.com/gone"


@pytest.fixture
def application(tmp_path, clock) -> Iterator[Application]:
    opened = Application(Settings(home=tmp_path / "home"), clock)
    for name, label in (("x:ada", "Ada on X"), ("webhook:sales", "Sales")):
        opened.accounts.connect(Account(destination=name, label=label, address="https://sales.example"))
    yield opened
    opened.close()


@pytest.fixture
def second_look(application, clock) -> SecondLook:
    """Return the second look with a web that has no page at GONE."""
    links = LinkChecks(clock, {GONE: 404, "https://example.com/": 200}.get)
    reads = SharedReads(application.backend.change_count, clock)
    store = application.backend.caution_settings
    return SecondLook(store, application.views, application.accounts, links, reads, clock)


@pytest.fixture
def look(second_look) -> Callable[..., list[CautionKind]]:
    """Return the kinds of warnings about a post."""
    return lambda *args, **members: [each.kind for each in second_look.cautions(post(*args, **members))]


@pytest.fixture
def problems(second_look) -> Callable[..., list[str]]:
    return lambda *args, **members: [each.problem for each in second_look.cautions(post(*args, **members))]


def post(at: datetime = DUE, **members: Any) -> Post:
    content = {"post_id": new_post_id(), "text": "Hi", "destinations": ("outbox",)} | PostTime.at(at, ZONE).members
    return Post.model_validate(content | members)


def series(expression: str, **members: Any) -> Post:
    return post(due_at=None, repeat=Repeat(expression=expression), **members)


def test_a_post_that_has_nothing_to_warn_of(look):
    assert look() == []


def test_the_same_text_to_the_same_account(application, look, second_look):
    application.schedules.schedule(post(DUE - timedelta(days=1), text="Summer  SALE"))
    (caution,) = second_look.cautions(post(text="summer sale"))
    assert caution.kind == "same text"
    assert caution.problem == "Outbox (built in) gets the same text on Tue 3 Nov 2026, 10:30 Europe/Berlin."
    assert caution.remedy == "Change the text if your readers should not see it twice."
    assert look(text="summer sale", destinations=("webhook:sales",)) == []
    assert look(text="Winter sale") == []


def test_a_network_that_refuses_the_same_text_is_named(application, second_look):
    planned = post(DUE + timedelta(days=1), text="Sale", destinations=("x:ada", "webhook:sales"))
    application.schedules.schedule(planned)
    (caution,) = second_look.cautions(post(text="Sale", destinations=("x:ada", "webhook:sales")))
    assert caution.problem.startswith("Ada on X and Sales get the same text on Thu 5 Nov 2026, 10:30 Europe/Berlin")
    assert caution.remedy == "Change the text: X refuses a text that the account has published lately."


def test_the_text_of_an_account_counts_and_not_the_text_of_the_others(application, look):
    own = {"variants": {"x:ada": "For X"}, "destinations": ("x:ada", "outbox")}
    application.schedules.schedule(post(DUE - timedelta(days=1), text="Sale", **own))
    assert look(text="For X", destinations=("x:ada",)) == ["same text"]
    assert look(text="Sale", destinations=("x:ada",)) == []


@pytest.mark.parametrize(("kind", "warned"), [("published", True), ("unconfirmed", True), ("refused", False)])
def test_a_past_post_counts_if_its_text_may_be_with_the_readers(application, look, clock, kind, warned):
    past = post(clock.now + timedelta(minutes=5), text="Sale")
    application.schedules.schedule(past)
    clock.move(minutes=5)
    receipt = Receipt(kind=kind, at=clock(), revision=1, destination="outbox", detail={"reason": "no"})
    application.ledger.record(invocation_of(past, past.due_at), receipt)
    assert look(text="Sale") == (["same text"] if warned else [])


def test_a_text_is_new_again_after_the_days_of_the_settings(application, second_look, look):
    application.schedules.schedule(post(DUE + timedelta(days=8), text="Sale"))
    assert look(text="Sale") == ["same text"]
    second_look.save(CautionSettings(same_text_days=8))
    assert look(text="Sale") == []


def test_a_series_repeats_its_own_text(look):
    weekly = series("cron(30 10 ? * WED *)", destinations=("x:ada",))
    members = weekly.model_dump(exclude={"post_id"})
    assert look(**members) == ["same text"]
    assert look(**members | {"destinations": ("webhook:sales",)}) == []


def test_two_posts_that_are_close(application, problems, look):
    application.schedules.schedule(post(DUE - timedelta(minutes=9), text="Other"))
    assert problems() == [
        "Outbox (built in) has another post 9 minutes earlier, on Wed 4 Nov 2026, 10:21 Europe/Berlin."
    ]
    assert look(DUE + timedelta(minutes=1)) == []
    assert look(destinations=("webhook:sales",)) == []


def test_two_posts_at_the_same_time(application, problems):
    application.schedules.schedule(post(text="Other"))
    (problem,) = problems()
    assert "another post at the same time, on Wed 4 Nov 2026, 10:30 Europe/Berlin" in problem


def test_a_run_of_a_series_is_close(application, look):
    application.schedules.schedule(series("cron(25 10 ? * * *)", text="Morning"))
    assert look() == ["close posts"]


def test_a_post_is_not_close_to_itself(application, look):
    planned = post()
    application.schedules.schedule(planned)
    assert look(post_id=planned.post_id) == []


@pytest.mark.parametrize(("hour", "quiet"), [(21, False), (22, True), (4, True), (5, False)])
def test_the_quiet_hours_span_midnight_in_the_zone_of_the_post(look, hour, quiet):
    assert look(DUE.replace(hour=hour, minute=0)) == (["quiet hours"] if quiet else [])


def test_other_quiet_hours(second_look, problems):
    second_look.save(CautionSettings(quiet_from=time(10), quiet_until=time(12)))
    assert problems() == ["10:30 Europe/Berlin is in the quiet hours, 10:00 to 12:00."]


def test_a_public_holiday_in_the_country_of_the_zone(problems):
    assert problems(datetime(2026, 12, 25, 9, tzinfo=UTC)) == [
        "Fri 25 Dec 2026 is a public holiday (DE: Christmas Day)."
    ]


def test_the_holidays_of_chosen_countries(second_look, look):
    second_look.save(CautionSettings(countries=("US",)))
    assert look(datetime(2026, 11, 26, 9, tzinfo=UTC)) == ["holidays"]
    assert look(datetime(2027, 5, 1, 9, tzinfo=UTC)) == []


def test_a_picture_without_a_description(second_look):
    described = PICTURE.model_copy(update={"reference": "1" * 64, "alt": "A cat"})
    (caution,) = second_look.cautions(post(media=(PICTURE, described)))
    assert (caution.kind, caution.problem) == ("alt text", "1 picture has no description.")
    assert caution.remedy == "Describe it for people who cannot see it."


def test_a_link_that_leads_nowhere(second_look):
    linked = post(text=f"See {GONE} and https://example.com/.")
    assert second_look.cautions(linked) == []
    (caution,) = second_look.after_links(linked, seconds=5)
    assert (caution.kind, caution.problem) == ("links", f"{GONE} answers 404: there is no such page.")
    assert not second_look.is_checking(linked)


def test_each_warning_is_switched_off(application, second_look):
    application.schedules.schedule(post(datetime(2026, 12, 25, 3, 1, tzinfo=UTC), text=GONE))
    warned = post(datetime(2026, 12, 25, 3, tzinfo=UTC), text=GONE, media=(PICTURE,))
    kinds = [each.kind for each in second_look.after_links(warned, seconds=5)]
    assert sorted(kinds) == ["alt text", "close posts", "holidays", "links", "quiet hours", "same text"]
    for kind in kinds:
        second_look.save(CautionSettings(off=frozenset({kind})))
        assert sorted(each.kind for each in second_look.cautions(warned)) == sorted(set(kinds) - {kind})
    second_look.save(CautionSettings(off=frozenset(kinds)))
    assert second_look.cautions(warned) == []


def test_a_post_whose_time_has_passed_is_warned_of_its_content_only(second_look, clock):
    passed = post(clock.now - timedelta(hours=10), media=(PICTURE,))
    assert [each.kind for each in second_look.cautions(passed)] == ["alt text"]
