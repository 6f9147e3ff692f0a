from core.posts.payload import write_invocation


def test_a_stopped_engine_is_shown_with_its_remedy(browse):
    page = browse("health")
    assert "No engine is running: nothing is published." in page.shown
    assert "Start the dashboard, or run" in page.shown


def test_the_next_due_instant_is_shown(browse, plan):
    plan("Soon", minutes=30)
    assert "Mon 2 Nov 2026, 13:30 Europe/Berlin, in 30 minutes." in browse("health").shown


def test_signing_secrets_are_counted_and_never_shown(browse, application):
    page = browse("health")
    assert "Present: 1 secret, made on this machine." in page.shown
    assert application.signing_secrets()[0] not in page.shown


def test_a_missing_post_is_counted(browse, plan, fire, clock):
    fire(plan("Lost", minutes=1))
    clock.move(minutes=10)
    assert "Not started at their time: 1 post." in browse("health").shown


def test_a_deleted_schedule_is_restored(browse, plan, application):
    planned = plan("Deleted")
    application.backend.scheduler_client.delete_schedule(Name=planned.schedule_name, GroupName="punctual")
    page = browse("health")
    assert "Ledger and scheduler differ: 1 planned and not in the scheduler." in page.shown
    page.click("restore", planned.schedule_name)
    assert "Ledger and scheduler agree for the next 7 days" in page.shown


def test_a_dead_letter_is_retried(browse, plan, fire, application, clock):
    payload = write_invocation(fire(plan("Given up", minutes=1))).encode()
    clock.move(minutes=2)
    store = application.one_machine.engine_store
    store.add_direct_invocation(application.backend.target.function_arn, payload, int(clock().timestamp() * 1000))
    store.write(lambda db: db.execute("UPDATE invocation SET state = 'dead', error = 'No table.', finished = 0"))
    page = browse("health")
    assert "No table." in page.shown
    [letter] = application.dead_letters.read()
    page.click("retry", letter.id)
    assert application.dead_letters.read() == []
    assert "Failed deliveries" not in page.headers
