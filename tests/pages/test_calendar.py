from datetime import date


def test_the_calendar_opens_at_the_current_month_and_day(browse, plan):
    plan("This afternoon", minutes=60)
    calendar = browse("calendar")
    assert calendar.headers == ["November 2026", "Today, Mon 2 Nov 2026"]
    assert calendar.texts == ["This afternoon"]


def test_a_selected_day_shows_its_posts_with_their_actions(browse, plan, application):
    post = plan("In three weeks", minutes=22 * 24 * 60)
    calendar = browse("calendar")
    assert calendar.texts == []
    calendar.session_state["day"] = date(2026, 11, 24)
    calendar.run()
    assert calendar.texts == ["In three weeks"]
    calendar.click("cancel", post)
    assert application.schedules.plan(post.post.post_id).desired == "cancelled"


def test_a_full_day_is_shown_page_by_page(browse, plan):
    for minutes in range(60, 85):
        plan(f"Post {minutes}", minutes=minutes)
    calendar = browse("calendar")
    assert (calendar.texts[0], len(calendar.texts)) == ("Post 60", 20)
    calendar.click("more")
    assert len(calendar.texts) == 25


def test_a_cancelled_post_keeps_its_place_and_can_be_restored(browse, plan, application):
    _, post, _ = [plan(text, minutes=minutes) for minutes, text in enumerate(("Before", "Wrong", "After"), 60)]
    calendar = browse("calendar")
    calendar.click("cancel", post)
    assert calendar.texts == ["Before", "Wrong", "After"]
    calendar.click("undo", post)
    assert application.schedules.plan(post.post.post_id).desired == "active"
    calendar.click("cancel", post)
    assert calendar.open("queue").open("calendar").texts == ["Before", "After"]


def test_buttons_lead_to_other_months(browse):
    calendar = browse("calendar")
    calendar.click("next")
    assert calendar.headers[0] == "December 2026"
    calendar.click("previous")
    calendar.click("previous")
    assert calendar.headers[0] == "October 2026"
    calendar.click("this-month")
    assert calendar.headers[0] == "November 2026"


def test_a_published_post_shows_how_late_it_was(browse, plan, fire, clock, application):
    post = plan("Published", minutes=1)
    clock.move(seconds=60.04)
    application.publisher.publish(fire(post))
    calendar = browse("calendar")
    assert calendar.texts == ["Published"]
    assert "40 ms late" in calendar.shown


def test_a_crowded_month_shows_posts_on_each_day_and_all_posts_of_the_selected_one(browse, plan, monkeypatch):
    for name, limit in (("POSTS_LIMIT", 40), ("PROBED_POSTS", 5), ("DAY_POSTS", 4), ("FULL_DAYS", 1)):
        monkeypatch.setattr(f"core.scheduling.calendar_view.{name}", limit)
    for number in range(75):
        plan(f"Post {number}", minutes=60 + number + 24 * 60 * (number // 25))
    calendar = browse("calendar")
    assert (calendar.texts[0], len(calendar.texts)) == ("Post 0", 20)
    calendar.click("more")
    assert (calendar.texts[-1], len(calendar.texts)) == ("Post 24", 25)
    calendar.session_state["day"] = date(2026, 11, 4)
    calendar.run()
    assert calendar.texts[0] == "Post 50"
    assert "This month has more posts" not in calendar.shown
