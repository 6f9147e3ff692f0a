from datetime import date


def texts(session):
    return [found.value for found in session.text]


def test_the_month_of_today_is_shown_with_today_in_full(browse, plan):
    plan("This afternoon", minutes=60)
    calendar = browse("calendar")
    assert [found.value for found in calendar.header] == ["November 2026", "Today, Mon 2 Nov 2026"]
    assert texts(calendar) == ["This afternoon"]


def test_another_day_is_shown_with_its_posts_and_what_can_be_done(browse, plan, application):
    post = plan("In three weeks", minutes=22 * 24 * 60)
    calendar = browse("calendar")
    assert texts(calendar) == []
    calendar.session_state["day"] = date(2026, 11, 24)
    calendar.run()
    assert texts(calendar) == ["In three weeks"]
    calendar.button(key=f"cancel-{post.post.post_id}").click().run()
    assert application.schedules.plan(post.post.post_id).wish == "cancelled"


def test_of_a_full_day_the_first_posts_are_shown_and_more_when_asked_for(browse, plan):
    for minutes in range(60, 85):
        plan(f"Post {minutes}", minutes=minutes)
    calendar = browse("calendar")
    assert (texts(calendar)[0], len(texts(calendar))) == ("Post 60", 20)
    calendar.button(key="more").click().run()
    assert len(texts(calendar)) == 25


def test_a_cancelled_post_keeps_its_place_and_can_be_restored(browse, plan, application):
    before, post, after = [plan(text, minutes=minutes) for minutes, text in enumerate(("Before", "Wrong", "After"), 60)]
    calendar = browse("calendar")
    calendar.button(key=f"cancel-{post.post.post_id}").click().run()
    assert texts(calendar) == ["Before", "Wrong", "After"]
    calendar.button(key=f"undo-{post.post.post_id}").click().run()
    assert application.schedules.plan(post.post.post_id).wish == "active"
    calendar.button(key=f"cancel-{post.post.post_id}").click().run()
    assert texts(browse("calendar", browse("queue", calendar))) == ["Before", "After"]


def test_other_months_are_a_step_away(browse, plan):
    calendar = browse("calendar")
    calendar.button(key="next").click().run()
    assert calendar.header[0].value == "December 2026"
    calendar.button(key="previous").click().run()
    calendar.button(key="previous").click().run()
    assert calendar.header[0].value == "October 2026"
    calendar.button(key="this-month").click().run()
    assert calendar.header[0].value == "November 2026"


def test_past_posts_are_shown_with_how_late_they_were(browse, plan, begin, clock, application):
    post = plan("Gone out", minutes=1)
    clock.move(seconds=60.04)
    application.publisher.publish(begin(post))
    calendar = browse("calendar")
    assert texts(calendar) == ["Gone out"]
    assert "40 ms late" in " ".join(found.value for found in calendar.caption)
