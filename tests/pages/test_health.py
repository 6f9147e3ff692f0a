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
    assert "1 post missing." in said(browse("health"))
