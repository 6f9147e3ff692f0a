"""The warning about posts that the deployed functions do not read, on AWS in moto."""

from datetime import UTC, datetime

import pytest

from core.application import Application
from core.posts.models import Media, Post, Repeat
from core.scheduling.payload_support import KEPT_FOR
from core.settings import Settings
from lambda_pkg.event import LATER_MEMBERS


@pytest.fixture
def deploy_earlier_relay(deployed) -> None:
    deployed["lambda"].update_function_configuration(FunctionName="relay", Environment={"Variables": {}})


@pytest.fixture
def series(a_series) -> Post:
    skipped = (datetime(2026, 11, 4, 8, tzinfo=UTC),)
    return a_series(repeat=Repeat(expression="cron(0 9 * * ? *)", skipped=skipped))


def test_functions_of_this_release_read_every_post(open_application, a_post, series):
    support = open_application().payload_support
    assert (support.problem(), support.problem_of(series), support.problem_of(a_post(labels=("News",)))) == (None,) * 3


def test_an_earlier_posting_function_is_reported_with_the_posts_that_it_refuses(
    open_application, deployed, posting_function, a_post, series
):
    deployed["lambda"].update_function_configuration(FunctionName="posting", Environment={"Variables": {}})
    support = open_application(PUNCTUAL_POSTING_FUNCTION_ARN=posting_function).payload_support
    for name in ("labels", "options of networks", "rules with skipped runs or of every n weeks"):
        assert name in support.problem()
    assert support.problem_of(a_post()) is None
    assert "options of networks" in support.problem_of(a_post(options={"outbox": {"language": "de"}}))
    labelled = support.problem_of(a_post(labels=("News",)))
    assert "do not know labels: posts with them fail. Deploy the stack again" in labelled
    focused = Media(reference="0" * 64, kind="picture", content_type="image/png", size=1, focus=(0.5, 0.2))
    assert "focal points of pictures" in support.problem_of(a_post(media=(focused,)))
    assert "do not know rules with skipped runs" in support.problem_of(series)


def test_an_earlier_relay_passes_labels_on(open_application, deploy_earlier_relay, a_post, series):
    support = open_application().payload_support
    assert support.problem_of(a_post(labels=("News",))) is None
    assert "do not know rules with skipped runs" in support.problem_of(series)


def test_the_warning_ends_after_a_deployment(open_application, deployed, deploy_earlier_relay, clock):
    support = open_application().payload_support
    assert support.problem() is not None
    variables = {"PAYLOAD_MEMBERS": ",".join(LATER_MEMBERS)}
    deployed["lambda"].update_function_configuration(FunctionName="relay", Environment={"Variables": variables})
    assert support.problem() is not None
    clock.now += KEPT_FOR
    assert support.problem() is None


def test_a_function_that_cannot_be_read_is_left_to_the_health_page(open_application, inject_fault):
    inject_fault("GetFunctionConfiguration", "AccessDeniedException")
    assert open_application().payload_support.problem() is None


def test_on_one_machine_nothing_is_older(tmp_path, clock, series):
    application = Application(Settings(home=tmp_path / "home"), clock)
    assert application.payload_support.problem_of(series) is None
    application.close()
