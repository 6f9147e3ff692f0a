"""What is looked at on one machine."""

from datetime import timedelta

from core.application import Application
from core.health.checks import run_checks
from core.posts.payload import invocation_of, write_invocation
from core.settings import Settings


def test_an_engine_that_does_not_run_is_bad(look):
    assert look("Engine").status == "bad"
    assert "nothing goes out" in look("Engine").message


def test_an_engine_that_runs_tells_its_last_sign_of_life(application, look, clock):
    application.one_machine.store.beat(application.one_machine.presence.token, int(clock().timestamp() * 1000))
    clock.move(seconds=7)
    assert look("Engine").message == "Running; last sign of life 7 seconds ago."


def test_the_next_due_instant_is_told_in_the_zone_asked_for(application, clock, a_post):
    application.schedules.schedule(a_post())
    [check] = [each for each in run_checks(application, clock(), zone="Asia/Tokyo") if each.name == "Next due"]
    assert "22:00" in check.message
    assert "in 1 hour" in check.message


def test_nothing_pending_is_good(look):
    assert look("Next due").message == "Nothing is pending."


def test_a_process_that_serves_nothing_knows_no_posting_server(look):
    assert look("Posting server").status == "unknown"


def test_a_configured_posting_url_is_told(tmp_path, clock):
    url = "https://posts.example.org/publish"
    settings = Settings.read({"PUNCTUAL_HOME": str(tmp_path / "home"), "PUNCTUAL_POSTING_URL": url})
    application = Application(settings, clock)
    [check] = [each for each in run_checks(application, clock()) if each.name == "Posting server"]
    application.close()
    assert (check.status, check.message) == ("good", f"Posts are handed over to {url}.")


def test_a_server_whose_address_the_relay_would_refuse_is_bad(application, look):
    application.backend.start(lambda: "http://192.168.1.7:8501/publish")
    assert look("Posting server").status == "bad"


def test_the_signing_secret_is_present_and_never_shown(application, look):
    check = look("Signing secret")
    assert (check.status, check.message) == ("good", "Present: 1 secret, made on this machine.")
    assert not any(secret in check.message for secret in application.signing_secrets())


def test_an_unusable_signing_secret_is_bad_and_not_shown_either(application, look):
    (application.home.path / "signing-secret").write_text("hunter2")
    check = look("Signing secret")
    assert check.status == "bad"
    assert "hunter2" not in f"{check.message}{check.remedy}"


def test_dead_letters_are_counted(application, look, clock, a_post):
    assert look("Given up").status == "good"
    payload = write_invocation(invocation_of(a_post(), clock())).encode()
    store = application.one_machine.store
    store.invoke("no-such-function", payload, int(clock().timestamp() * 1000))
    store.write(lambda db: db.execute("UPDATE invocation SET state = 'dead', error = 'Gone.', finished = 0"))
    assert look("Given up").status == "warning"
    assert look("Given up").message.startswith("1 hand-over")


def test_a_damaged_file_that_was_set_aside_is_named(tmp_path, clock, caplog):
    home = tmp_path / "home"
    home.mkdir()
    (home / "punctual.db").write_bytes(b"no database at all, but long enough to be read as one" * 100)
    application = Application(Settings.read({"PUNCTUAL_HOME": str(home)}), clock)
    [check] = [each for each in run_checks(application, clock()) if each.name == "Damaged files"]
    application.close()
    assert check.status == "warning"
    assert "punctual.db.damaged-20261102T120000Z" in check.message


def test_a_disk_that_is_almost_full_is_told(look, monkeypatch):
    assert look("Data folder").status == "good"
    monkeypatch.setattr("core.health.one_machine.shutil.disk_usage", lambda _: type("Usage", (), {"free": 5_000_000}))
    assert look("Data folder").status == "warning"


def test_posts_that_should_have_gone_out_are_bad_and_paused_ones_are_told(application, look, clock, a_post):
    plan = application.schedules.schedule(a_post())
    application.schedules.pause(plan)
    clock.move(hours=2)
    assert look("Passed posts").status == "warning"
    application.schedules.schedule(a_post(post_id="aaaabbbbcccc", due_at=clock() + timedelta(minutes=1)))
    clock.move(hours=1)
    assert look("Passed posts").status == "bad"


def test_where_only_the_latest_passed_posts_are_read_there_are_at_least_so_many(application, look, clock, a_post):
    for number in range(101):
        post = a_post(post_id=f"aaaabbbbc{number:03}")
        desired = "paused" if number % 2 else "active"
        application.ledger.plan(post, desired=desired, schedule_name=f"post-20261102T130000Z-{post.post_id}", now=clock())
    clock.move(hours=2)
    assert look("Passed posts").message == "Of at least 50 posts that should have gone out, nothing is known."


def test_a_change_that_does_not_reach_the_scheduler_is_bad(application, look, clock, a_post):
    assert look("Changes").status == "good"
    application.ledger.plan(a_post(), schedule_name="post-20261102T130000Z-k3v9q2m4cx7a", now=clock())
    clock.move(minutes=3)
    assert look("Changes").message.startswith("1 post could not be armed")
