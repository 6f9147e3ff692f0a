"""What EventBridge Scheduler refuses, with its code and its words, on the engine in this process and over HTTP.

Sources: RECORDED from AWS and published by others, MODEL is botocore's service model, GUIDE is AWS's documentation;
OURS is where AWS's words are not known.
"""

import pytest
from botocore.exceptions import ClientError

INVALID, MISSING, CONFLICT = "ValidationException", "ResourceNotFoundException", "ConflictException"
UNTAGGABLE = "arn:aws:scheduler:us-east-1:000000000000:schedule/default/post"
FOREIGN = "arn:aws:scheduler:us-east-1:999999999999:schedule-group/default"


def refused(client, operation, parameters):
    """Return the code and the message with which an operation is refused."""
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
def test_an_expression_that_aws_rejects(engine_either_way, schedule, expression):
    for operation in ("create_schedule", "update_schedule"):
        answer = refused(engine_either_way, operation, schedule(ScheduleExpression=expression))
        assert answer == (INVALID, f"Invalid Schedule Expression {expression}.")


@pytest.mark.parametrize("expression", ["at(2021-12-31T23:59:59)", "cron(0 0 * * ? *)", "rate(1 minutes)"])
def test_an_expression_that_aws_takes(engine_either_way, schedule, expression):
    """RECORDED"""
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
def test_a_constraint_of_the_model_that_boto3_does_not_check(engine_either_way, schedule, changed, value, constraint):
    """RECORDED form, MODEL constraints."""
    says = f"1 validation error detected: {value} failed to satisfy constraint: Member must {constraint}"
    assert refused(engine_either_way, "create_schedule", schedule(**changed)) == (INVALID, says)


def test_all_violations_are_named_at_once(engine_either_way, schedule):
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


@pytest.mark.parametrize(("source", "changed", "says"), BEYOND_THE_MODEL)
def test_a_constraint_that_is_not_in_the_model(engine_either_way, schedule, source, changed, says):
    engine_either_way.create_schedule(**schedule())
    assert refused(engine_either_way, "create_schedule", schedule(**{"Name": "other", **changed})) == (INVALID, says)
    assert refused(engine_either_way, "update_schedule", schedule(**changed)) == (INVALID, says)


@pytest.mark.parametrize(
    "changed",
    [
        {"target": {"Input": f'"{"x" * 262_142}"'}},
        {"target": {"Arn": "arn:aws:sqs:us-east-1:123456789012:orders", "Input": "any text"}},
        {"target": {"Arn": "arn:aws:lambda:us-east-1:123456789012:function:that-nobody-made"}},
        {"StartDate": 1_600_000_000, "EndDate": 1_500_000_000},  # an at() has no use for them
    ],
)
def test_what_is_just_within_the_constraints_is_taken(engine_either_way, schedule, changed):
    """GUIDE"""
    engine_either_way.create_schedule(**schedule(**changed))


@pytest.mark.parametrize("seconds", [-300, -299, 0])
def test_a_start_within_the_last_five_minutes_is_taken(engine_either_way, schedule, clock, seconds):
    """GUIDE"""
    start = clock().timestamp() + seconds
    engine_either_way.create_schedule(**schedule(ScheduleExpression="rate(1 hour)", StartDate=start))


def test_an_update_may_keep_a_start_that_is_long_past_by_now(engine_either_way, schedule, clock):
    """OURS: otherwise a series could never be changed by reading, changing and sending all."""
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


@pytest.mark.parametrize(("operation", "parameters", "code", "says"), NAMED)
def test_what_is_not_there_or_may_not_be(engine_either_way, operation, parameters, code, says):
    """RECORDED for the schedule that does not exist; the others are of the same form."""
    assert refused(engine_either_way, operation, parameters) == (code, says)


def test_a_name_that_is_taken(engine_either_way, schedule):
    engine_either_way.create_schedule(**schedule())
    assert refused(engine_either_way, "create_schedule", schedule()) == (CONFLICT, "Schedule post already exists.")


def test_a_schedule_without_its_group(engine_either_way, schedule):
    for operation in ("create_schedule", "update_schedule"):
        answer = refused(engine_either_way, operation, schedule(GroupName="nowhere"))
        assert answer == (MISSING, "Schedule group nowhere does not exist.")


def test_a_schedule_cannot_be_tagged(engine_either_way, schedule):
    """MODEL: the pattern of ResourceArn allows groups alone."""
    engine_either_way.create_schedule(**schedule())
    parameters = {"ResourceArn": UNTAGGABLE, "Tags": [{"Key": "a", "Value": "1"}]}
    code, message = refused(engine_either_way, "tag_resource", parameters)
    assert code == INVALID
    assert message.startswith(f"1 validation error detected: Value '{UNTAGGABLE}' at 'resourceArn' failed to satisfy")


def test_more_tags_than_a_group_may_have(engine_either_way):
    """GUIDE: fifty, whether they come at once or one by one."""
    group = "arn:aws:scheduler:us-east-1:000000000000:schedule-group/default"
    tags = [{"Key": f"k{number}", "Value": "x"} for number in range(51)]
    engine_either_way.tag_resource(ResourceArn=group, Tags=tags[:50])
    engine_either_way.tag_resource(ResourceArn=group, Tags=tags[:1])
    says = (INVALID, "A resource can have at most 50 tags.")
    assert refused(engine_either_way, "tag_resource", {"ResourceArn": group, "Tags": tags[50:]}) == says
    assert refused(engine_either_way, "create_schedule_group", {"Name": "posts", "Tags": tags}) == says


def test_a_client_token_of_another_request(engine_either_way, schedule):
    engine_either_way.create_schedule(**schedule(ClientToken="t1"))
    code, message = refused(engine_either_way, "create_schedule", schedule(Name="other", ClientToken="t1"))
    assert (code, message) == (CONFLICT, "ClientToken t1 was used for another CreateSchedule request.")
