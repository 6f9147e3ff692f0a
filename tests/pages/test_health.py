from core.posts.payload import write_invocation


def said(session):
    return " ".join(found.value for found in [*session.text, *session.caption, *session.markdown])


def test_what_does_not_run_is_said_with_its_remedy(browse):
    page = browse("health")
    assert "Not running: nothing goes out." in said(page)
    assert "Start the dashboard again" in said(page)


def test_the_next_due_instant_is_told(browse, plan):
    plan("Soon", minutes=30)
    assert "Mon 2 Nov 2026, 13:30 Europe/Berlin, in 30 minutes." in said(browse("health"))


def test_the_signing_secret_is_counted_and_never_shown(browse, application):
    page = browse("health")
    assert "Present: 1 secret, made on this machine." in said(page)
    assert application.signing_secrets()[0] not in said(page)


def test_a_post_that_never_began_is_named(browse, plan, begin, clock):
    begin(plan("Lost", minutes=1))
    clock.move(minutes=10)
    assert "Of 1 post that should have gone out, nothing is known." in said(browse("health"))


def test_a_schedule_that_somebody_deleted_is_armed_again(browse, plan, application):
    planned = plan("Tampered with")
    application.place.scheduler.delete_schedule(Name=planned.schedule_name, GroupName="punctual")
    page = browse("health")
    assert "1 planned and not in the scheduler" in said(page)
    page.button(key=f"arm-{planned.schedule_name}").click().run()
    assert not page.exception
    assert "They agree, for a week ahead." in said(page)


def test_what_was_given_up_is_retried(browse, plan, begin, application, clock):
    payload = write_invocation(begin(plan("Given up", minutes=1))).encode()
    clock.move(minutes=2)
    store = application.engine.store
    store.invoke(application.place.target.function_arn, payload, int(clock().timestamp() * 1000))
    store.write(lambda db: db.execute("UPDATE invocation SET state = 'dead', error = 'No table.', finished = 0"))
    page = browse("health")
    assert "No table\\." in said(page)
    [letter] = application.dead_letters.read()
    page.button(key=f"retry-{letter.id}").click().run()
    assert not page.exception
    assert application.dead_letters.read() == []
    assert "Given up" not in [found.value for found in page.header]
