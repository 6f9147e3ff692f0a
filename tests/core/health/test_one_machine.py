"""The health checks of one machine."""

from datetime import timedelta

from core.application import Application
from core.ledger.port import PlanChange
from core.posts.payload import invocation_of, write_invocation
from core.settings import Settings


def test_an_engine_that_does_not_run_is_bad(check):
    assert check("Engine").status == "bad"
    assert "nothing is published" in check("Engine").message


def test_a_running_engine_reports_its_last_heartbeat(application, check, clock):
    application.one_machine.engine_store.record_heartbeat(
        application.one_machine.presence.token, int(clock().timestamp() * 1000)
    )
    clock.move(seconds=7)
    assert check("Engine").message == "Running; last heartbeat 7 seconds ago."


def test_the_next_due_instant_is_shown_in_the_chosen_zone(application, check_of, a_post):
    application.schedules.schedule(a_post())
    message = check_of(application, "Next due", zone="Asia/Tokyo").message
    assert "22:00" in message
    assert "in 1 hour" in message


def test_an_empty_queue_is_good(check):
    assert check("Next due").message == "Nothing is pending."


def test_the_posting_server_is_unknown_to_a_process_without_one(check):
    assert check("Posting server").status == "unknown"


def test_a_configured_posting_url_is_shown(tmp_path, clock, check_of):
    url = "https://posts.example.org/publish"
    settings = Settings.read({"PUNCTUAL_HOME": str(tmp_path / "home"), "PUNCTUAL_POSTING_URL": url})
    application = Application(settings, clock)
    result = check_of(application, "Posting server")
    application.close()
    assert (result.status, result.message) == ("good", f"The relay posts to {url}.")


def test_an_address_that_the_relay_refuses_is_bad(application, check):
    application.backend.start(lambda: "http://192.168.1.7:8501/publish")
    assert check("Posting server").status == "bad"


def test_the_signing_secret_is_counted_and_never_shown(application, check):
    result = check("Signing secret")
    assert (result.status, result.message) == ("good", "Present: 1 secret, made on this machine.")
    assert not any(secret in result.message for secret in application.signing_secrets())


def test_an_unusable_signing_secret_is_bad_and_not_shown(application, check):
    (application.home.path / "signing-secret").write_text("hunter2")
    result = check("Signing secret")
    assert result.status == "bad"
    assert "hunter2" not in f"{result.message}{result.remedy}"


def test_dead_letters_are_counted(application, check, clock, a_post):
    assert check("Dead letters").status == "good"
    payload = write_invocation(invocation_of(a_post(), clock())).encode()
    store = application.one_machine.engine_store
    store.add_direct_invocation("no-such-function", payload, int(clock().timestamp() * 1000))
    store.write(lambda db: db.execute("UPDATE invocation SET state = 'dead', error = 'Gone.', finished = 0"))
    assert check("Dead letters").status == "warning"
    assert check("Dead letters").message.startswith("1 invocation")


def test_a_damaged_database_is_named(tmp_path, clock, check_of, caplog):
    home = tmp_path / "home"
    home.mkdir()
    (home / "punctual.db").write_bytes(b"no database at all, but long enough to be read as one" * 100)
    application = Application(Settings.read({"PUNCTUAL_HOME": str(home)}), clock)
    result = check_of(application, "Damaged files")
    application.close()
    assert result.status == "warning"
    assert "punctual.db.damaged-20261102T120000Z" in result.message


def test_an_almost_full_disk_is_a_warning(check, monkeypatch):
    assert check("Data folder").status == "good"
    monkeypatch.setattr("core.health.one_machine.shutil.disk_usage", lambda _: type("Usage", (), {"free": 5_000_000}))
    assert check("Data folder").status == "warning"


def test_missing_posts_are_bad_and_paused_overdue_posts_are_a_warning(application, check, clock, a_post):
    plan = application.schedules.schedule(a_post())
    application.schedules.pause(plan)
    clock.move(hours=2)
    assert check("Overdue posts").status == "warning"
    application.schedules.schedule(a_post(post_id="aaaabbbbcccc", due_at=clock() + timedelta(minutes=1)))
    clock.move(hours=1)
    assert check("Overdue posts").status == "bad"


def test_a_count_that_the_limit_cut_off_is_a_lower_bound(application, check, clock, a_post):
    for number in range(101):
        post = a_post(post_id=f"aaaabbbbc{number:03}")
        desired = "paused" if number % 2 else "active"
        name = f"post-20261102T130000Z-{post.post_id}"
        application.ledger.plan(PlanChange(post=post, desired=desired, schedule_name=name), now=clock())
    clock.move(hours=2)
    assert check("Overdue posts").message == "Not started at their time: at least 51 posts."


def test_a_change_that_did_not_reach_the_scheduler_is_bad(application, check, clock, a_post):
    assert check("Pending changes").status == "good"
    application.ledger.plan(PlanChange(post=a_post(), schedule_name="post-20261102T130000Z-k3v9q2m4cx7a"), now=clock())
    clock.move(minutes=3)
    assert check("Pending changes").message == "Not yet in the scheduler as planned: 1 post."
