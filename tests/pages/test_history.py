import pytest

from core.accounts.port import OUTBOX, Account
from core.ledger.port import Receipt
from core.ledger.post_state import post_state
from core.posts.destinations import Destination
from ui.frame.account_badges import FACE_SIZE
from ui.frame.faces import face

WEBHOOK = Account(destination="webhook:sales", label="Sales", address="https://sales.example")
REASON = "Nothing listens at sales.example:443."


@pytest.fixture
def record(application, clock):
    """Record a receipt for an occurrence, or for one destination of it."""

    def record(payload, kind, destination=None, **detail):
        receipt = Receipt(
            kind=kind, at=clock(), revision=payload.revision, destination=destination, detail={"reason": None} | detail
        )
        application.ledger.record(payload, receipt)

    return record


@pytest.fixture
def state(application, clock):
    """Return the state of a post."""
    return lambda plan: post_state(application.ledger, plan.post.post_id, clock()).state


@pytest.fixture
def to_both(application, plan):
    """Schedule a post to the outbox and to the webhook."""
    application.accounts.connect(WEBHOOK)
    return plan("To both", minutes=1, destinations=["outbox", "webhook:sales"])


def tooltips(session):
    return [each.proto.help for each in session.markdown if each.proto.help]


def test_an_empty_history_has_a_hint(browse):
    assert "Nothing published yet" in browse("history").shown


def test_a_published_post_shows_its_lag_and_its_link(browse, plan, fire, clock, application):
    post = plan("Good morning", minutes=1)
    clock.move(seconds=60.038)
    application.publisher.publish(fire(post))
    history = browse("history")
    assert history.headers[0] == "Today, Mon 2 Nov 2026"
    assert "### 13:01" in history.shown
    assert "Good morning" in history.shown
    shown = f"Published] :small[{face(OUTBOX, FACE_SIZE)} **Outbox (built in)**] :gray-badge[on time]"
    assert shown in history.shown
    assert "38 ms late" in tooltips(history)
    assert history.main.get("page_link")[-1].proto.query_string == f"post={post.post.post_id}"


def test_every_destination_has_its_own_state_and_lag(browse, to_both, fire, clock, record):
    clock.move(seconds=60.5)
    payload = fire(to_both)
    record(payload, "published", "outbox", url=f"/outbox?post={to_both.post.post_id}")
    clock.move(seconds=1)
    record(payload, "published", "webhook:sales", url="https://sales.example/posts/1")
    history = browse("history")
    assert "**Outbox (built in)**] :gray-badge[on time]" in history.shown
    assert "**Sales**] :orange-badge[1 s late]" in history.shown
    assert tooltips(history) == ["500 ms late", "1.500 s late"]


def test_a_destination_with_a_variant_shows_it(browse, to_both, fire, clock, application, record):
    variants = {"variants": {"webhook:sales": "To sales alone"}}
    edited = application.schedules.edit(to_both, to_both.post.model_copy(update=variants))
    clock.move(minutes=1)
    payload = fire(edited)
    record(payload, "published", "outbox")
    record(payload, "published", "webhook:sales")
    assert "**Sales** · :gray[“To sales alone”]] :gray-badge[on time]" in browse("history").shown


def test_a_failure_shows_its_reason_and_is_retried(browse, plan, fire, clock, application, record):
    post = plan("Nobody there", minutes=1)
    clock.move(minutes=1)
    payload = fire(post)
    record(payload, "failed", reason=REASON)
    history = browse("history")
    assert ":material/front_hand: Waiting for you" in history.headers
    assert REASON in history.shown
    clock.move(minutes=5)
    history.click("retry", payload.occurrence_key)
    assert "Retrying now" in history.toast[0].value
    assert application.one_machine.engine_store.next_due() == clock.now


def test_no_card_moves_when_a_failure_is_resolved_or_added(browse, plan, fire, clock, record):
    first, second = plan("First", minutes=1), plan("Second", minutes=2)
    clock.move(minutes=3)
    payload = fire(first)
    for each in (payload, fire(second)):
        record(each, "failed", reason=REASON)
    history = browse("history")
    assert history.texts == ["Second", "First"]
    record(payload, "published", "outbox")
    record(fire(plan("Third", minutes=1)), "failed", reason=REASON)
    history.run()
    assert history.texts == ["Second", "First", "Third"]
    assert f"retry-{payload.occurrence_key}" not in [button.key for button in history.button]
    assert history.open("queue").open("history").texts == ["Third", "Second", "First"]


def test_a_missed_post_is_rescheduled(browse, plan, fire, clock, state, record):
    post = plan("The machine slept", minutes=1)
    clock.move(hours=3)
    record(fire(post), "missed", reason="Not posted: 179 minutes after its time.")
    history = browse("history")
    history.click("again", post)
    history.click("save-time", post)
    assert state(post) == "scheduled"
    assert not history.headers


def test_an_unconfirmed_post_is_marked_as_published(browse, plan, fire, clock, application, state, record):
    application.accounts.connect(WEBHOOK)
    post = plan("Perhaps", minutes=1, destinations=["webhook:sales"])
    clock.move(minutes=1)
    record(fire(post), "unconfirmed", "webhook:sales", reason="It did not answer in time.")
    history = browse("history")
    assert "It did not answer in time" in history.shown
    history.click("out-webhook:sales", post)
    assert state(post) == "published"


@pytest.fixture
def unconfirmed_part(plan, fire, clock, application, record):
    """Return the plan of a thread on X whose first part is unconfirmed."""
    application.accounts.connect(Account(destination="x:ada", label="@ada (X)"))
    post = plan("Part one.", minutes=1, destinations=["x:ada"], variants={"x:ada": "Part one.\n---\nPart two."})
    clock.move(minutes=1)
    payload = fire(post)
    record(payload, "unconfirmed", "x:ada", reason="It did not answer in time.")
    record(payload, "refused", "x:ada#2", reason="Part 1 is not confirmed as published.")
    return post


def test_the_part_of_a_thread_is_marked_as_published_by_its_link(browse, unconfirmed_part, application):
    key = unconfirmed_part.post.post_id
    history = browse("history")
    history.click("out-x:ada", unconfirmed_part)
    history.text_input(key=f"link-x:ada-{key}").set_value("https://x.com/ada")
    history.click("confirm-link-x:ada", unconfirmed_part)
    assert "This is not a link to a post on X." in history.shown
    history.click("out-x:ada", unconfirmed_part)  # the test's page closes a dialog with each run, a browser does not
    history.text_input(key=f"link-x:ada-{key}").set_value("https://x.com/ada/status/123?s=20")
    history.click("confirm-link-x:ada", unconfirmed_part)
    receipt = application.ledger.occurrence(key).receipts[-1]
    assert (receipt.kind, receipt.detail["reference"]) == ("published", {"id": "123"})


def test_a_part_is_not_marked_as_published_where_no_link_names_its_id(
    browse, unconfirmed_part, application, monkeypatch
):
    monkeypatch.setattr(application.networks["x"], "post_link", None)
    keys = [button.key for button in browse("history").button]
    assert f"out-x:ada-{unconfirmed_part.post.post_id}" not in keys
    assert f"publish-x:ada-{unconfirmed_part.post.post_id}" in keys


def test_a_failed_post_is_set_aside_and_waits_again_after_undo(browse, plan, fire, clock, application, record):
    post = plan("Too long", minutes=1)
    clock.move(minutes=1)
    record(fire(post), "failed", reason=REASON)
    history = browse("history")
    history.click("aside", post)
    assert application.waiting.read().count("history") == 0
    assert "Failed] :gray-badge[:material/inventory_2: Set aside]" in history.shown
    assert f"retry-{post.post.post_id}" not in [button.key for button in history.button]
    history = browse("history")
    assert not any("Waiting for you" in each for each in history.headers)
    assert REASON in history.shown
    history.click("undo-aside", post)
    assert application.waiting.read().count("history") == 1
    assert ":material/front_hand: Waiting for you" in history.headers
    assert "Set aside]" not in history.shown


def test_an_unconfirmed_part_keeps_waiting_and_its_thread_becomes_no_draft(browse, unconfirmed_part, application):
    history = browse("history")
    assert f"edit-{unconfirmed_part.post.post_id}" not in [button.key for button in history.button]
    history.click("aside", unconfirmed_part)
    (waiting,) = application.waiting.read().runs
    assert waiting.waiting == ("x:ada",)


def test_a_draft_of_a_thread_names_its_published_parts(browse, plan, fire, clock, application, record):
    application.accounts.connect(Account(destination="x:ada", label="@ada (X)"))
    post = plan("Part one.", minutes=1, destinations=["x:ada"], variants={"x:ada": "Part one.\n---\nPart two."})
    clock.move(minutes=1)
    payload = fire(post)
    record(payload, "published", Destination("x:ada"))
    record(payload, "refused", Destination("x:ada", 2), reason="512 characters, 500 allowed.")
    history = browse("history")
    history.click("edit", post)
    assert history.pills(key=f"destinations-{history.draft}").value == ["x:ada"]
    assert "The first parts of this thread are published." in history.shown


def test_a_refused_post_becomes_a_draft_for_the_accounts_that_did_not_publish_it(
    browse, to_both, fire, clock, application, record
):
    clock.move(minutes=1)
    payload = fire(to_both)
    record(payload, "published", "outbox")
    record(payload, "refused", "webhook:sales", reason="512 characters, 500 allowed.")
    history = browse("history")
    history.click("edit", to_both)
    assert history.text_area(key=f"text-{history.draft}").value == "To both"
    assert history.pills(key=f"destinations-{history.draft}").value == ["webhook:sales"]
    assert history.draft != to_both.post.post_id
    assert [run.state for run in application.views.history(limit=10)] == ["refused"]


def test_all_posts_that_failed_for_an_account_are_retried(browse, to_both, plan, fire, clock, application, record):
    others = [plan(f"To {account}", minutes=2, destinations=[account]) for account in ("outbox", "webhook:sales")]
    clock.move(minutes=2)
    payloads = [fire(each) for each in (to_both, *others)]
    record(payloads[0], "published", "outbox")
    record(payloads[0], "refused", "webhook:sales", reason="Not signed in.")
    record(payloads[1], "failed", reason=REASON)
    record(payloads[2], "failed", reason=REASON)
    history = browse("history")
    assert "retry-all-outbox" not in [button.key for button in history.button]
    history.click("retry-all", "webhook:sales")
    assert "2 posts go out now to **Sales**, all at once." in history.shown
    history.click("confirm-retry-all")
    assert "2 posts tried again. The results appear in History." in history.shown
    retried = [run for run in application.views.history(limit=10) if run.key != payloads[1].occurrence_key]
    receipts = [application.ledger.occurrence(run.key).receipts for run in retried]
    assert [[each.destination for each in found if each.kind == "retried"] for found in receipts] == [
        ["webhook:sales"],
        ["webhook:sales"],
    ]


def test_a_long_history_is_shown_page_by_page(browse, plan, fire, application):
    for minutes in range(1, 36):
        application.publisher.publish(fire(plan(f"Post {minutes}.", minutes=minutes)))
    history = browse("history")
    assert len(history.texts) == 30
    assert "Post 5." not in history.shown
    history.click("more")
    assert len(history.texts) == 35
    assert "Post 5." in history.shown
    assert "more" not in [button.key for button in history.button]


def test_an_older_failure_is_shown_above_newer_posts(browse, plan, fire, clock, record):
    failed = plan("Nobody there", minutes=1)
    later = [plan(f"Post {minutes}.", minutes=minutes) for minutes in range(2, 42)]
    clock.move(minutes=60)
    record(fire(failed), "failed", reason=REASON)
    for each in later:
        record(fire(each), "published", "outbox")
    history = browse("history")
    assert history.headers[0] == ":material/front_hand: Waiting for you"
    assert history.texts[0] == "Nobody there"
    assert len(history.texts) == 31


@pytest.fixture
def failures(plan, fire, clock, record):
    """Return the plans of posts that failed, earliest first, each before 150 later posts that were published."""

    def fail(count):
        failed = [plan(f"Failed {number}", minutes=number) for number in range(1, count + 1)]
        later = [plan("Published", minutes=60) for _ in range(150)]
        clock.move(minutes=60)
        for each in failed:
            record(fire(each), "failed", reason=REASON)
        for each in later:
            record(fire(each), "published", "outbox")
        return failed

    return fail


def test_the_box_shows_some_of_the_posts_that_wait_and_says_how_many_more(browse, failures, application):
    failures(9)
    history = browse("history")
    assert application.waiting.read().count("history") == 9
    assert [text for text in history.texts if text != "Published"] == [f"Failed {number}" for number in range(9, 4, -1)]
    assert "4 more posts wait for you." in history.shown
    assert history.button(key="more-waiting").label == "Show all 9"
    history.click("more-waiting")
    assert sum("Failed" in text for text in history.texts) == 9
    assert "more-waiting" not in [button.key for button in history.button]


def test_after_a_decision_the_next_post_that_waits_is_added_at_the_end(browse, failures, record, application):
    failed = failures(7)
    history = browse("history")
    history.click("retry", failed[-1])
    occurrence = application.ledger.occurrence(failed[-1].post.post_id)
    record(occurrence.payload, "published", "outbox")
    application.waiting.forget()
    history.run()
    assert history.texts[:6] == [f"Failed {number}" for number in range(7, 1, -1)]
    assert "1 more post waits for you." in history.shown
    assert f"retry-{failed[-1].post.post_id}" not in [button.key for button in history.button]


def test_a_decided_post_that_is_older_than_the_list_keeps_its_place(browse, failures, record, application):
    failed = failures(2)
    history = browse("history")
    record(application.ledger.occurrence(failed[1].post.post_id).payload, "published", "outbox")
    application.waiting.forget()
    history.run()
    assert history.texts[:2] == ["Failed 2", "Failed 1"]
    assert f"retry-{failed[1].post.post_id}" not in [button.key for button in history.button]


def test_the_filter_applies_to_the_posts_that_wait(browse, failures):
    failures(7)
    history = browse("history")
    history.text_input(key="search").set_value("failed 2").run()
    assert history.texts == ["Failed 2"]
    assert "more-waiting" not in [button.key for button in history.button]


def test_the_box_says_when_older_runs_were_not_searched(browse, plan, fire, clock, record, application, monkeypatch):
    monkeypatch.setattr(application.waiting, "_runs_looked_at", 3)
    posts = [plan(f"Post {number}", minutes=number) for number in range(1, 5)]
    clock.move(minutes=5)
    for each in posts:
        record(fire(each), "failed", reason=REASON)
    assert "Only the latest 3 runs were searched for posts that wait." in browse("history").shown


def test_history_is_searched_by_text_and_by_account(browse, plan, fire, application, record):
    application.accounts.connect(WEBHOOK)
    for text, destination in (("Good morning", "outbox"), ("Good night", "webhook:sales")):
        record(fire(plan(text, minutes=1, destinations=[destination])), "published", destination)
    history = browse("history")
    history.text_input(key="search").set_value("sales GOOD").run()
    assert history.texts == ["Good night"]
    history.text_input(key="search").set_value("elsewhere").run()
    assert not history.texts
    assert "No matching posts. Change the search" in history.info[0].value


def test_a_search_that_reaches_its_limit_has_a_note(browse, plan, fire, clock, application, monkeypatch):
    posts = [plan(text, minutes=1) for text in ("Coffee", "Tea", "Water")]
    clock.move(minutes=1)
    for post in posts:
        application.publisher.publish(fire(post))
    monkeypatch.setattr("ui.posts.search.SEARCH_LIMIT", 2)
    history = browse("history")
    history.text_input(key="search").set_value("tea").run()
    assert "Only the last 2 posts were searched." in history.shown
    assert not any(button.key == "more" for button in history.button)
