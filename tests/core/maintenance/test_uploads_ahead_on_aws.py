"""On AWS, the runs whose media the worker uploads ahead."""

from datetime import UTC, datetime, timedelta

import pytest

from core.maintenance.uploads_ahead import AHEAD
from core.posts.models import Media, Repeat, new_post_id

PICTURE = Media(reference="0" * 64, kind="picture", content_type="image/png", size=9, width=1, height=1)
RUN = datetime(2026, 11, 3, 8, tzinfo=UTC)  # 9:00 in Berlin


@pytest.fixture
def application(open_application, posting_function):
    return open_application(PUNCTUAL_POSTING_FUNCTION_ARN=posting_function)


@pytest.fixture
def schedule(application, a_series):
    """Schedule a series with a picture and return the name of its schedule."""

    def schedule(expression: str = "cron(0 9 * * ? *)", **members) -> str:
        rule = Repeat(expression=expression, **members.pop("rule", {}))
        post = a_series(post_id=new_post_id(), repeat=rule, **{"media": (PICTURE,), **members})
        return application.schedules.schedule(post).schedule_name

    return schedule


def test_the_runs_of_series_with_media_are_found_soonest_first(application, schedule):
    later, sooner = schedule("cron(5 9 * * ? *)"), schedule()
    schedule(media=())
    schedule("cron(10 9 * * ? *)")
    schedule(rule={"skipped": (RUN,)})
    begin = RUN - timedelta(seconds=1)
    found = application.backend.runs_due(begin, begin + AHEAD, 10)
    assert found == [(sooner, RUN), (later, RUN + timedelta(minutes=5))]
    assert application.backend.runs_due(begin, begin + AHEAD, 1) == [(sooner, RUN)]


def test_each_run_is_looked_at_before_it_is_due(application):
    assert application.backend.uploads_ahead_every < AHEAD


def test_nothing_is_uploaded_for_a_posting_server_that_would_not_find_it(open_application):
    assert open_application().backend.uploads_ahead_every is None
