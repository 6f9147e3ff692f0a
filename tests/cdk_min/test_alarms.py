"""The alarms of a stack, and the mail that reports them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lambda_pkg.failure_metrics import METRICS, failure_metric
from tests.cdk_min.conftest import EMAIL

OF_POSTS = {"Missed": "Punctual", "Failed": "Punctual", "InvocationDroppedCount": "AWS/Scheduler"}
OF_A_FUNCTION = {"Errors": "AWS/Lambda", "Throttles": "AWS/Lambda"}
DEAD_LETTERS = "ApproximateNumberOfMessagesVisible"


def alarms(template: dict[str, Any]) -> list[dict[str, Any]]:
    return [each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::CloudWatch::Alarm"]


@pytest.fixture
def watched(syntheses: Any) -> dict[str, Any]:
    """Return the small stack with a mail address."""
    return syntheses["watched"].read("Punctual.template.json")


@pytest.fixture
def all_watched(syntheses: Any) -> dict[str, Any]:
    """Return the full stack with a posting server and a mail address."""
    return syntheses["adopted"].read("Punctual.template.json")


def test_the_small_stack_has_no_alarm_without_a_mail_address(template):
    assert alarms(template) == []


@pytest.mark.parametrize("name", ["full", "lambda"])
def test_the_full_stack_has_two_silent_alarms_without_a_mail_address(syntheses, name):
    found = alarms(syntheses[name].read("Punctual.template.json"))
    assert [each["MetricName"] for each in found] == [DEAD_LETTERS] * 2
    assert not [each for each in found if "AlarmActions" in each]


def test_a_mail_address_adds_alarms_for_posts_and_for_the_relay(watched):
    given_up = {"AsyncEventsDropped": "AWS/Lambda"}
    assert {each["MetricName"]: each["Namespace"] for each in alarms(watched)} == OF_POSTS | OF_A_FUNCTION | given_up


def test_a_full_stack_also_watches_its_queues_and_its_posting_server(all_watched):
    found = sorted(each["MetricName"] for each in alarms(all_watched))
    queues = ["ApproximateAgeOfOldestMessage", DEAD_LETTERS, DEAD_LETTERS]
    assert found == sorted([*OF_POSTS, *OF_A_FUNCTION, *OF_A_FUNCTION, *queues])
    assert len(found) == 10  # as many as AWS gives an account free


def test_each_alarm_mails_to_the_address(watched, all_watched):
    for template in (watched, all_watched):
        resources = template["Resources"]
        [topic] = [name for name, each in resources.items() if each["Type"] == "AWS::SNS::Topic"]
        [subscription] = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::SNS::Subscription"]
        assert subscription == {"Protocol": "email", "TopicArn": {"Ref": topic}, "Endpoint": EMAIL}
        assert [each["AlarmActions"] for each in alarms(template)] == [[{"Ref": topic}]] * len(alarms(template))


def test_the_metrics_of_the_relays_log_have_the_dimension_of_the_stack(watched):
    found = {each["MetricName"]: each for each in alarms(watched)}
    [relay] = [each["Properties"] for each in watched["Resources"].values() if "Handler" in each["Properties"]]
    for name in METRICS.values():
        dimension = {"Name": "Stack", "Value": relay["Environment"]["Variables"]["STACK_NAME"]}
        assert found[name]["Dimensions"] == [dimension]
        assert (found[name]["Statistic"], found[name]["Threshold"]) == ("Sum", 1)
    assert found["InvocationDroppedCount"]["Dimensions"] == [{"Name": "ScheduleGroup", "Value": "punctual"}]


def test_the_relays_log_counts_what_the_alarms_watch():
    line = failure_metric("missed", "Punctual", datetime(2026, 11, 24, tzinfo=UTC))
    assert line is not None
    [described] = line["_aws"]["CloudWatchMetrics"]
    assert (described["Namespace"], described["Dimensions"], set(METRICS.values())) == (
        "Punctual",
        [["Stack"]],
        {name for name, namespace in OF_POSTS.items() if namespace == "Punctual"},
    )


def test_a_single_failed_attempt_raises_no_alarm_but_a_failed_post_does(watched):
    [errors] = [each for each in alarms(watched) if each["MetricName"] == "Errors"]
    [retries] = [each for each in watched["Resources"].values() if each["Type"] == "AWS::Lambda::EventInvokeConfig"]
    assert errors["Threshold"] == 1 + retries["Properties"]["MaximumRetryAttempts"]
    assert errors["Period"] == 900


def test_a_stuck_post_raises_the_alarm_before_sqs_leaves_it_out_of_the_age(all_watched):
    [age] = [each for each in alarms(all_watched) if each["MetricName"] == "ApproximateAgeOfOldestMessage"]
    [queue] = [name for name in all_watched["Resources"] if name.startswith("RelayFailures")]
    assert age["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]
    properties = all_watched["Resources"][queue]["Properties"]
    third_delivery = properties["DelaySeconds"] + 2 * properties["VisibilityTimeout"]
    assert properties["VisibilityTimeout"] < age["Threshold"] <= third_delivery - age["Period"]


def test_one_dead_letter_raises_the_alarm(syntheses):
    resources = syntheses["full"].read("Punctual.template.json")["Resources"]
    for queue in ("RelayDeadLetters", "Undelivered"):
        [alarm] = [
            each["Properties"]
            for name, each in resources.items()
            if name.startswith(queue) and each["Type"] == "AWS::CloudWatch::Alarm"
        ]
        [name] = [
            name for name, each in resources.items() if name.startswith(queue) and each["Type"] == "AWS::SQS::Queue"
        ]
        assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [name, "QueueName"]}}]
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")
