"""Options of networks on the pages: drawn from their declaration, kept in drafts, changed in the Edit dialog."""

import pytest
from pydantic import SecretStr

from core.accounts.port import Account
from core.drafts.draft import DraftContent
from core.ledger.port import Receipt

DRAFT = "k3v9q2m4cx7a"
MASTODON, SLACK = "mastodon:ada@example.org", "slack:team"


@pytest.fixture(autouse=True)
def accounts(application):
    """Connect an account on Mastodon and one on Slack."""
    for destination in (MASTODON, SLACK):
        account = Account(
            destination=destination, label=destination, identity="7", credentials={"token": SecretStr("t")}
        )
        application.accounts.connect(account)


def open_options(session, owner):
    session.session_state[f"options-{owner}"] = True
    session.run()


def key(name, destination, owner):
    return f"option-{name}-{destination}-{owner}"


def test_the_options_of_each_account_are_drawn_and_go_with_the_post(browse, application):
    compose = browse("compose")
    first = compose.draft
    compose.write("Soup")
    compose.address(MASTODON, SLACK)
    open_options(compose, first)
    compose.text_input(key=key("content_warning", MASTODON, first)).set_value("Food").run()
    compose.selectbox(key=key("visibility", MASTODON, first)).set_value("private").run()
    compose.text_area(key=key("first_comment", MASTODON, first)).set_value("The recipe").run()
    compose.toggle(key=key("unfurl_links", SLACK, first)).set_value(False).run()
    compose.schedule()
    post = application.schedules.plan(first).post
    values = {"content_warning": "Food", "visibility": "private", "first_comment": "The recipe"}
    assert post.options == {MASTODON: values, SLACK: {"unfurl_links": False}}
    assert post.destinations == (MASTODON, f"{MASTODON}#2", SLACK)
    line = f"{MASTODON}: Content warning: Food, Visibility: Followers, First comment: The recipe"
    queue = browse("queue")
    assert f"{line} · {SLACK}: Previews of links: no" in queue.shown
    assert "2 parts" not in queue.shown


def test_a_value_that_the_network_does_not_accept_is_named_beside_its_field(browse, application):
    compose = browse("compose")
    compose.write("Soup")
    compose.address(MASTODON)
    open_options(compose, compose.draft)
    compose.text_input(key=key("language", MASTODON, compose.draft)).set_value("Deutsch!").run()
    assert "Write it like this: en." in compose.shown
    compose.schedule()
    assert application.ledger.get(compose.draft) is None
    assert "Language for mastodon:ada@example.org cannot be 'Deutsch!'" in compose.shown


def test_accounts_without_options_have_no_field_for_them(browse):
    compose = browse("compose")
    compose.address("outbox")
    assert "Options" not in [each.label for each in compose.expander]


def test_a_draft_keeps_its_options_while_they_are_closed(browse, application, clock):
    options = {MASTODON: {"sensitive": True}, "slack:gone": {"unfurl_media": False}}
    content = DraftContent(text="Hi", zone="UTC", destinations=(MASTODON, "slack:gone"), options=options)
    application.drafts.save(DRAFT, content, base=0, now=clock())
    compose = browse("compose")
    compose.query_params["draft"] = DRAFT
    compose.open("compose")
    assert f"{MASTODON}: Sensitive media" in compose.shown
    compose.write("Hello")
    assert application.drafts.get(DRAFT).content.options == options
    assert f"{MASTODON}: Sensitive media" in browse("drafts").shown


def test_the_edit_dialog_changes_the_options_and_keeps_the_first_comment_out_of_the_texts(browse, application, plan):
    planned = plan(destinations=[MASTODON], options={MASTODON: {"first_comment": "The recipe", "sensitive": True}})
    queue, owner = browse("queue"), f"edit-{planned.post.post_id}"
    queue.session_state[f"options-{owner}"] = True
    queue.click("edit", planned)
    assert [each.label for each in queue.text_area] == ["Text", "First comment"]
    queue.toggle(key=key("sensitive", MASTODON, owner)).set_value(False)
    queue.click("save-post", planned)
    assert application.schedules.plan(planned.post.post_id).post.options == {MASTODON: {"first_comment": "The recipe"}}


def test_history_names_the_options_and_the_first_comment(browse, plan, fire, clock, application):
    planned = plan(minutes=1, destinations=[MASTODON], options={MASTODON: {"first_comment": "The recipe"}})
    clock.move(seconds=61)
    payload = fire(planned)
    for destination in payload.destinations:
        receipt = Receipt(kind="refused", at=clock(), revision=1, destination=destination, detail={"reason": "No"})
        application.ledger.record(payload, receipt)
    shown = browse("history").shown
    assert f"{MASTODON}: First comment: The recipe" in shown
    assert f"{MASTODON}, first comment" in shown
