"""Behaviour of EventBridge Scheduler, tested on the engine in this process and over HTTP, and on moto if it agrees.

Source RECORDED: responses of AWS that others recorded and published as snapshots.
"""

import pytest

RETRIES = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
WINDOW = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}


@pytest.fixture
def posts_arn(account):
    return f"arn:aws:scheduler:us-east-1:{account}:schedule-group/posts"


def names(answer):
    return [summary["Name"] for summary in answer["Schedules"]]


def test_create_and_update_return_the_arn(scheduler_client, schedule, account):
    """Source: RECORDED."""
    arn = f"arn:aws:scheduler:us-east-1:{account}:schedule/default/post"
    assert scheduler_client.create_schedule(**schedule())["ScheduleArn"] == arn
    assert scheduler_client.update_schedule(**schedule(State="DISABLED"))["ScheduleArn"] == arn


def test_a_schedule_is_read_as_it_was_created(scheduler_client, schedule):
    given = schedule(Description="A post", ActionAfterCompletion="DELETE", ScheduleExpressionTimezone="Europe/Berlin")
    scheduler_client.create_schedule(**given)
    answer = scheduler_client.get_schedule(Name="post")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    for member in ("Name", "ScheduleExpression", "ScheduleExpressionTimezone", "Description", "ActionAfterCompletion"):
        assert answer[member] == given[member]
    assert answer["Target"]["Input"] == "{}"
    assert answer["CreationDate"].tzinfo is not None


def test_defaults_are_returned_and_unset_members_are_omitted(engine_either_way, schedule):
    """Source: RECORDED."""
    engine_either_way.create_schedule(**schedule(ScheduleExpression="rate(1 minute)", FlexibleTimeWindow=WINDOW))
    answer = engine_either_way.get_schedule(Name="post")
    for member in ("ResponseMetadata", "CreationDate", "LastModificationDate"):
        del answer[member]
    assert answer == {
        "ActionAfterCompletion": "NONE",
        "Arn": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/post",
        "FlexibleTimeWindow": WINDOW,
        "GroupName": "default",
        "Name": "post",
        "ScheduleExpression": "rate(1 minute)",
        "ScheduleExpressionTimezone": "UTC",
        "State": "ENABLED",
        "Target": {**schedule()["Target"], "RetryPolicy": RETRIES},
    }


def test_an_unset_member_of_a_retry_policy_has_its_default(engine_either_way, schedule):
    engine_either_way.create_schedule(**schedule(target={"RetryPolicy": {"MaximumRetryAttempts": 0}}))
    policy = engine_either_way.get_schedule(Name="post")["Target"]["RetryPolicy"]
    assert policy == {**RETRIES, "MaximumRetryAttempts": 0}


def test_updating_replaces_everything(engine_either_way, schedule):
    """Source: RECORDED. A member that an update omits has its default again."""
    engine_either_way.create_schedule(**schedule(Description="first", State="DISABLED", ActionAfterCompletion="DELETE"))
    engine_either_way.update_schedule(**schedule(ScheduleExpression="rate(2 minute)"))
    answer = engine_either_way.get_schedule(Name="post")
    assert "Description" not in answer
    assert (answer["State"], answer["ActionAfterCompletion"]) == ("ENABLED", "NONE")
    assert answer["ScheduleExpression"] == "rate(2 minute)"


def test_each_update_has_its_own_date_and_keeps_the_creation_date(engine_either_way, schedule):
    engine_either_way.create_schedule(**schedule())
    dates = []
    for _ in range(3):
        engine_either_way.update_schedule(**schedule())
        answer = engine_either_way.get_schedule(Name="post")
        dates.append(answer["LastModificationDate"])
        assert answer["CreationDate"] < dates[0]
    assert dates == sorted(set(dates))


def test_a_summary_has_exactly_the_members_that_aws_lists(engine_either_way, schedule):
    engine_either_way.create_schedule(**schedule(Description="not listed"))
    (summary,) = engine_either_way.list_schedules()["Schedules"]
    listed = {"Arn", "Name", "GroupName", "State", "CreationDate", "LastModificationDate", "Target"}
    assert set(summary) == listed
    assert summary["Target"] == {"Arn": schedule()["Target"]["Arn"]}


def test_a_deleted_schedule_is_not_listed(scheduler_client, schedule):
    """Source: RECORDED."""
    scheduler_client.create_schedule(**schedule())
    scheduler_client.delete_schedule(Name="post")
    answer = scheduler_client.list_schedules()
    assert answer["Schedules"] == []
    assert "NextToken" not in answer


def test_each_group_may_use_the_same_name(scheduler_client, schedule):
    scheduler_client.create_schedule_group(Name="posts")
    scheduler_client.create_schedule(**schedule(Description="one"))
    scheduler_client.create_schedule(**schedule(Description="two", GroupName="posts"))
    assert scheduler_client.get_schedule(Name="post", GroupName="posts")["Description"] == "two"
    assert scheduler_client.get_schedule(Name="post")["Description"] == "one"


def test_the_name_of_a_deleted_schedule_may_be_used_again(scheduler_client, schedule):
    for text in ("first", "second"):
        scheduler_client.create_schedule(**schedule(Description=text))
        assert scheduler_client.get_schedule(Name="post")["Description"] == text
        scheduler_client.delete_schedule(Name="post")


def test_listing_filters_by_group_prefix_and_state(scheduler_client, schedule):
    scheduler_client.create_schedule_group(Name="posts")
    for name, state in (("a1", "ENABLED"), ("a2", "DISABLED"), ("b1", "ENABLED")):
        scheduler_client.create_schedule(**schedule(Name=name, State=state, GroupName="posts"))
    scheduler_client.create_schedule(**schedule(Name="a3"))
    assert sorted(names(scheduler_client.list_schedules(GroupName="posts", NamePrefix="a"))) == ["a1", "a2"]
    assert names(scheduler_client.list_schedules(GroupName="posts", NamePrefix="a", State="ENABLED")) == ["a1"]
    assert names(scheduler_client.list_schedules(GroupName="posts", State="DISABLED")) == ["a2"]
    assert sorted(names(scheduler_client.list_schedules(NamePrefix="a"))) == ["a1", "a2", "a3"]


def test_pages_contain_every_matching_schedule_once(engine_either_way, schedule):
    engine_either_way.create_schedule_group(Name="posts")
    for number in range(5):
        engine_either_way.create_schedule(**schedule(Name=f"n{number}"))
        engine_either_way.create_schedule(**schedule(Name=f"n{number}", GroupName="posts"))
    for filters in ({}, {"GroupName": "posts"}, {"NamePrefix": "n"}):
        pages = list(engine_either_way.get_paginator("list_schedules").paginate(**filters, MaxResults=3))
        found = [(summary["GroupName"], summary["Name"]) for page in pages for summary in page["Schedules"]]
        assert found == sorted(set(found))
        assert len(found) == (5 if "GroupName" in filters else 10)
        assert [len(page["Schedules"]) for page in pages[:-1]] == [3] * (len(pages) - 1)


def test_paging_is_stable_while_schedules_are_created_and_deleted(engine_either_way, schedule):
    for name in ("b", "d", "f", "h"):
        engine_either_way.create_schedule(**schedule(Name=name))
    first = engine_either_way.list_schedules(MaxResults=2)
    assert names(first) == ["b", "d"]
    engine_either_way.delete_schedule(Name="d")
    for name in ("a", "e"):
        engine_either_way.create_schedule(**schedule(Name=name))
    assert names(engine_either_way.list_schedules(NextToken=first["NextToken"])) == ["e", "f", "h"]


def test_the_last_page_has_no_token(engine_either_way, schedule):
    for name in ("a", "b"):
        engine_either_way.create_schedule(**schedule(Name=name))
    assert "NextToken" not in engine_either_way.list_schedules(MaxResults=2)


def test_the_default_group_exists(scheduler_client, account):
    group = scheduler_client.get_schedule_group(Name="default")
    assert group["Arn"] == f"arn:aws:scheduler:us-east-1:{account}:schedule-group/default"
    assert group["State"] == "ACTIVE"


def test_deleting_a_group_deletes_its_schedules(scheduler_client, schedule):
    scheduler_client.create_schedule_group(Name="posts")
    scheduler_client.create_schedule(**schedule(GroupName="posts"))
    scheduler_client.create_schedule(**schedule(Name="other"))
    scheduler_client.delete_schedule_group(Name="posts")
    assert names(scheduler_client.list_schedules()) == ["other"]


def test_groups_are_listed_in_pages(engine_either_way):
    for name in ("b", "a1", "a2"):
        engine_either_way.create_schedule_group(Name=name)
    pages = engine_either_way.get_paginator("list_schedule_groups").paginate(MaxResults=2)
    found = [group["Name"] for page in pages for group in page["ScheduleGroups"]]
    assert found == ["a1", "a2", "b", "default"]
    prefixed = engine_either_way.list_schedule_groups(NamePrefix="a")
    assert [group["Name"] for group in prefixed["ScheduleGroups"]] == ["a1", "a2"]


def test_a_group_has_its_tags_until_they_are_removed(scheduler_client, posts_arn):
    """Source: RECORDED."""
    made = scheduler_client.create_schedule_group(Name="posts", Tags=[{"Key": "a", "Value": "1"}])
    assert made["ScheduleGroupArn"] == posts_arn
    scheduler_client.tag_resource(ResourceArn=posts_arn, Tags=[{"Key": "b", "Value": "2"}])
    tags = scheduler_client.list_tags_for_resource(ResourceArn=posts_arn)["Tags"]
    assert tags == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    scheduler_client.untag_resource(ResourceArn=posts_arn, TagKeys=["a", "never there"])
    assert scheduler_client.list_tags_for_resource(ResourceArn=posts_arn)["Tags"] == [{"Key": "b", "Value": "2"}]


def test_each_change_of_a_groups_tags_has_its_own_date(engine_either_way):
    group = "arn:aws:scheduler:us-east-1:000000000000:schedule-group/default"
    dates = [engine_either_way.get_schedule_group(Name="default")["LastModificationDate"]]
    for number in range(3):
        engine_either_way.tag_resource(ResourceArn=group, Tags=[{"Key": "a", "Value": str(number)}])
        dates.append(engine_either_way.get_schedule_group(Name="default")["LastModificationDate"])
    assert dates == sorted(set(dates))


def test_a_repeated_request_with_the_same_token_changes_nothing(engine_either_way, schedule):
    given = schedule(ClientToken="t1")
    first = engine_either_way.create_schedule(**given)
    engine_either_way.update_schedule(**schedule(Description="later", ClientToken="t1"))
    assert engine_either_way.create_schedule(**given)["ScheduleArn"] == first["ScheduleArn"]
    assert engine_either_way.get_schedule(Name="post")["Description"] == "later"
    engine_either_way.delete_schedule(Name="post", ClientToken="t1")
    engine_either_way.delete_schedule(Name="post", ClientToken="t1")
    engine_either_way.create_schedule(**given)
    assert names(engine_either_way.list_schedules()) == []


def test_a_token_may_be_used_again_after_a_day(engine_either_way, schedule, store, clock):
    engine_either_way.create_schedule(**schedule(ClientToken="t1"))
    engine_either_way.delete_schedule(Name="post")
    clock.move(hours=24, seconds=1)
    store.prune(int(clock().timestamp() * 1000))
    engine_either_way.create_schedule(**schedule(ClientToken="t1"))
    assert names(engine_either_way.list_schedules()) == ["post"]
