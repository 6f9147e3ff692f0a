"""Error codes and messages of EventBridge Scheduler, tested on the engine in this process and over HTTP.

Sources: RECORDED from AWS and published by others; MODEL is botocore's service model; GUIDE is AWS's documentation;
OURS if AWS's message is unknown.
"""

import pytest
from botocore.exceptions import ClientError

INVALID, MISSING, CONFLICT = "ValidationException", "ResourceNotFoundException", "ConflictException"
UNTAGGABLE = "arn:aws:scheduler:us-east-1:000000000000:schedule/default/post"
FOREIGN = "arn:aws:scheduler:us-east-1:999999999999:schedule-group/default"


def refused(client, operation, parameters):
    """Return the code and the message of the error that an operation raises."""
    with pytest.raises(ClientError) as refusal:
        getattr(client, operation)(**parameters)
    code, message = refusal.value.response["Error"]["Code"], refusal.value.response["Error"]["Message"]
    assert isinstance(refusal.value, getattr(client.exceptions, code))
    return code, message


@pytest.mark.parametrize(
    "expression",
    [
        # RECORDED
        "cron(0 1 * * * *)",
        "cron(7 20 * * NOT *)",
        "cron(INVALID)",
        "cron(0 dummy ? * MON-FRI *)",
        "cron(71 8 1 * ? *)",
        "cron()",
        "rate(10 seconds)",
        "rate(10 years)",
        "rate()",
        "rate(10)",
        "rate(10 minutess)",
        "rate(foo minutes)",
        "rate(-10 minutes)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "at(2021-12-31T23:59:59Z)",
        "at(2021-12-31)",
        # OURS
        "at(2027-02-30T08:00:00)",
        "every tuesday",
    ],
)
def test_an_expression_that_aws_rejects_is_rejected(engine_either_way, schedule, expression):
    for operation in ("create_schedule", "update_schedule"):
        code_and_message = refused(engine_either_way, operation, schedule(ScheduleExpression=expression))
        assert code_and_message == (INVALID, f"Invalid Schedule Expression {expression}.")


@pytest.mark.parametrize("expression", ["at(2021-12-31T23:59:59)", "cron(0 0 * * ? *)", "rate(1 minutes)"])
def test_an_expression_that_aws_accepts_is_accepted(engine_either_way, schedule, expression):
    """Source: RECORDED."""
    engine_either_way.create_schedule(**schedule(ScheduleExpression=expression))


# fmt: off
ONE_VIOLATION = [
    ({"Name": "n" * 65}, f"Value '{'n' * 65}' at 'name'", "have length less than or equal to 64"),
    ({"Name": "my post"}, "Value 'my post' at 'name'", "satisfy regular expression pattern: [0-9a-zA-Z-_.]+"),
    ({"Name": "post\n"}, "Value 'post\n' at 'name'", "satisfy regular expression pattern: [0-9a-zA-Z-_.]+"),
    ({"Name": "p\u00f6st"}, "Value 'p\u00f6st' at 'name'", "satisfy regular expression pattern: [0-9a-zA-Z-_.]+"),
    ({"State": "PAUSED"}, "Value 'PAUSED' at 'state'", "satisfy enum value set: [ENABLED, DISABLED]"),
    ({"Description": "d" * 513}, f"Value '{'d' * 513}' at 'description'", "have length less than or equal to 512"),
    ({"ScheduleExpressionTimezone": "Z" * 51}, f"Value '{'Z' * 51}' at 'scheduleExpressionTimezone'",
     "have length less than or equal to 50"),
    ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}},
     "Value '1441' at 'flexibleTimeWindow.maximumWindowInMinutes'", "have value less than or equal to 1440"),
    ({"target": {"RoleArn": "arn:aws:iam::1:user/x"}}, "Value 'arn:aws:iam::1:user/x' at 'target.roleArn'",
     "satisfy regular expression pattern: arn:aws[a-z-]*:iam::\\d{12}:role\\/[\\w+=,.@\\/-]+"),
    ({"target": {"RetryPolicy": {"MaximumRetryAttempts": 186}}},
     "Value '186' at 'target.retryPolicy.maximumRetryAttempts'", "have value less than or equal to 185"),
    ({"target": {"EcsParameters": {"TaskDefinitionArn": "x", "Tags": [{"k": "v"}] * 51}}},
     f"Value '{[{'k': 'v'}] * 51}' at 'target.ecsParameters.tags'", "have length less than or equal to 50"),
]
# fmt: on


@pytest.mark.parametrize(("changed", "value", "constraint"), ONE_VIOLATION)
def test_constraints_of_the_model_that_boto3_does_not_check_are_enforced(
    engine_either_way, schedule, changed, value, constraint
):
    """Sources: RECORDED for the form of the message, MODEL for the constraints."""
    expected = f"1 validation error detected: {value} failed to satisfy constraint: Member must {constraint}"
    assert refused(engine_either_way, "create_schedule", schedule(**changed)) == (INVALID, expected)


def test_one_message_names_all_violations(engine_either_way, schedule):
    code, message = refused(
        engine_either_way,
        "create_schedule",
        schedule(State="PAUSED", ActionAfterCompletion="KEEP", Description="d" * 513),
    )
    assert code == INVALID
    assert message.startswith("3 validation errors detected: Value ")
    assert message.count("; Value '") == 2


# fmt: off
BEYOND_THE_MODEL = [
    ("GUIDE", {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
     "A MaximumWindowInMinutes must be provided when FlexibleTimeWindow mode is set to FLEXIBLE."),
    ("OURS", {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}},
     "A MaximumWindowInMinutes cannot be provided when FlexibleTimeWindow mode is set to OFF."),
    ("GUIDE", {"target": {"Input": "hello"}},
     "Target.Input must be well-formed JSON for a Lambda function: Expecting value: line 1 column 1 (char 0)"),
    ("GUIDE", {"target": {"Input": "NaN"}},
     "Target.Input must be well-formed JSON for a Lambda function: NaN is not in JSON"),
    ("GUIDE", {"target": {"Input": f'"{"x" * 262_143}"'}}, "Target.Input exceeds the limit of 262144 bytes."),
    ("GUIDE", {"target": {"Input": f'"{"é" * 131_072}"'}}, "Target.Input exceeds the limit of 262144 bytes."),
    ("GUIDE", {"target": {"Arn": "my-function"}}, "Provided Arn is not in correct format."),
    ("RECORDED", {"ScheduleExpression": "rate(1 hour)", "StartDate": 1_600_000_000},
     "The StartDate you specify cannot be earlier than 5 minutes ago."),
    ("GUIDE", {"ScheduleExpression": "rate(1 hour)", "StartDate": 1_900_000_001, "EndDate": 1_900_000_000},
     "The EndDate must be later than the StartDate."),
    ("OURS", {"ScheduleExpression": "rate(1 hour)", "StartDate": 1_900_000_000, "EndDate": 1_900_000_000},
     "The EndDate must be later than the StartDate."),
    ("OURS", {"ScheduleExpressionTimezone": "Mars/Olympus"}, "Invalid ScheduleExpressionTimezone Mars/Olympus."),
    ("OURS", {"KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/x"},
     "This engine keeps schedules in a local file and has no customer managed keys: omit KmsKeyArn."),
]
# fmt: on


@pytest.mark.parametrize(("source", "changed", "expected"), BEYOND_THE_MODEL)
def test_constraints_outside_the_model_are_enforced(engine_either_way, schedule, source, changed, expected):
    engine_either_way.create_schedule(**schedule())
    assert refused(engine_either_way, "create_schedule", schedule(**{"Name": "other", **changed})) == (
        INVALID,
        expected,
    )
    assert refused(engine_either_way, "update_schedule", schedule(**changed)) == (INVALID, expected)


@pytest.mark.parametrize(
    "changed",
    [
        {"target": {"Input": f'"{"x" * 262_142}"'}},
        {"target": {"Arn": "arn:aws:sqs:us-east-1:123456789012:orders", "Input": "any text"}},
        {"target": {"Arn": "arn:aws:lambda:us-east-1:123456789012:function:that-nobody-made"}},
        {"StartDate": 1_600_000_000, "EndDate": 1_500_000_000},  # ignored for an at()
    ],
)
def test_values_at_the_limits_are_accepted(engine_either_way, schedule, changed):
    """Source: GUIDE."""
    engine_either_way.create_schedule(**schedule(**changed))


@pytest.mark.parametrize("seconds", [-300, -299, 0])
def test_a_start_within_the_last_five_minutes_is_accepted(engine_either_way, schedule, clock, seconds):
    """Source: GUIDE."""
    start = clock().timestamp() + seconds
    engine_either_way.create_schedule(**schedule(ScheduleExpression="rate(1 hour)", StartDate=start))


def test_an_update_may_keep_a_past_start(engine_either_way, schedule, clock):
    """Source: OURS. Otherwise a series could not be changed by reading, changing and sending the whole schedule."""
    start = int(clock().timestamp())
    repeating = {"ScheduleExpression": "rate(1 hour)", "StartDate": start}
    engine_either_way.create_schedule(**schedule(**repeating))
    clock.move(days=30)
    engine_either_way.update_schedule(**schedule(**repeating, Description="changed"))
    changed = schedule(ScheduleExpression="rate(1 hour)", StartDate=start + 1)
    assert refused(engine_either_way, "update_schedule", changed)[0] == INVALID


NAMED = [
    ("get_schedule", {"Name": "nothing"}, MISSING, "Schedule nothing does not exist."),
    ("delete_schedule", {"Name": "nothing"}, MISSING, "Schedule nothing does not exist."),
    ("get_schedule", {"Name": "post", "GroupName": "no"}, MISSING, "Schedule group no does not exist."),
    ("list_schedules", {"GroupName": "no"}, MISSING, "Schedule group no does not exist."),
    ("get_schedule_group", {"Name": "no"}, MISSING, "Schedule group no does not exist."),
    ("delete_schedule_group", {"Name": "no"}, MISSING, "Schedule group no does not exist."),
    ("delete_schedule_group", {"Name": "default"}, INVALID, "The default schedule group cannot be deleted."),
    ("create_schedule_group", {"Name": "default"}, CONFLICT, "Schedule group default already exists."),
    ("list_schedules", {"NextToken": "tomorrow"}, INVALID, "Invalid NextToken."),
    ("list_schedule_groups", {"NextToken": "WzFd"}, INVALID, "Invalid NextToken."),
    ("list_tags_for_resource", {"ResourceArn": FOREIGN}, MISSING, f"Resource {FOREIGN} does not exist."),
]


@pytest.mark.parametrize(("operation", "parameters", "code", "expected"), NAMED)
def test_missing_and_reserved_resources_are_rejected(engine_either_way, operation, parameters, code, expected):
    """Source: RECORDED for a missing schedule; the other messages have the same form."""
    assert refused(engine_either_way, operation, parameters) == (code, expected)


def test_an_existing_name_is_rejected(engine_either_way, schedule):
    engine_either_way.create_schedule(**schedule())
    assert refused(engine_either_way, "create_schedule", schedule()) == (CONFLICT, "Schedule post already exists.")


def test_a_schedule_in_an_unknown_group_is_rejected(engine_either_way, schedule):
    for operation in ("create_schedule", "update_schedule"):
        code_and_message = refused(engine_either_way, operation, schedule(GroupName="nowhere"))
        assert code_and_message == (MISSING, "Schedule group nowhere does not exist.")


def test_a_schedule_cannot_be_tagged(engine_either_way, schedule):
    """Source: MODEL. The pattern of ResourceArn allows only groups."""
    engine_either_way.create_schedule(**schedule())
    parameters = {"ResourceArn": UNTAGGABLE, "Tags": [{"Key": "a", "Value": "1"}]}
    code, message = refused(engine_either_way, "tag_resource", parameters)
    assert code == INVALID
    assert message.startswith(f"1 validation error detected: Value '{UNTAGGABLE}' at 'resourceArn' failed to satisfy")


def test_a_group_has_at_most_fifty_tags(engine_either_way):
    """Source: GUIDE. The limit counts the tags of all requests."""
    group = "arn:aws:scheduler:us-east-1:000000000000:schedule-group/default"
    tags = [{"Key": f"k{number}", "Value": "x"} for number in range(51)]
    engine_either_way.tag_resource(ResourceArn=group, Tags=tags[:50])
    engine_either_way.tag_resource(ResourceArn=group, Tags=tags[:1])
    expected = (INVALID, "A resource can have at most 50 tags.")
    assert refused(engine_either_way, "tag_resource", {"ResourceArn": group, "Tags": tags[50:]}) == expected
    assert refused(engine_either_way, "create_schedule_group", {"Name": "posts", "Tags": tags}) == expected


def test_a_client_token_of_another_request_is_rejected(engine_either_way, schedule):
    engine_either_way.create_schedule(**schedule(ClientToken="t1"))
    code, message = refused(engine_either_way, "create_schedule", schedule(Name="other", ClientToken="t1"))
    assert (code, message) == (CONFLICT, "ClientToken t1 was used for another CreateSchedule request.")
