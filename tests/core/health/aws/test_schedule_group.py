"""The health check of the schedule group."""


def test_a_deleted_group_is_bad(check, deployed):
    deployed["scheduler"].delete_schedule_group(Name="posts")
    assert check("Schedule group").message == "There is no schedule group posts."
