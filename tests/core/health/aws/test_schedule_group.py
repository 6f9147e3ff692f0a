"""The schedule group."""


def test_a_deleted_group_is_bad(look, deployed):
    deployed["scheduler"].delete_schedule_group(Name="posts")
    assert look("Schedule group").message == "There is no schedule group posts."
