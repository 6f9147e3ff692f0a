import pytest

from core.accounts import Account

SALES = Account(destination="webhook:sales", label="sales (webhook)", address="https://sales.example")


def said(session):
    """The words on the page, as they are shown."""
    elements = [*session.markdown, *session.caption, *session.error, *session.warning, *session.code]
    return " ".join(found.value for found in elements).replace("\\", "")


@pytest.fixture
def form(browse):
    """The page with the form for a signed webhook open."""
    page = browse("accounts")
    page.session_state["connect-network"] = "webhook"
    return page.button(key="ask-connect").click().run()


def fill(page, **answers):
    for name, value in answers.items():
        page.text_input(key=f"connect-webhook-{name}").set_value(value)


def test_the_outbox_is_there_and_cannot_be_removed(browse):
    page = browse("accounts")
    assert "Outbox (built in)" in said(page)
    assert [button.key for button in page.button] == ["ask-connect"]


def test_a_secret_that_was_made_is_shown_once_and_works(form, application, browse):
    fill(form, name="sales", address="https://sales.example/hook")
    form.checkbox(key="connect-webhook-deduplicates").check()
    form.button(key="connect").click().run()
    account = application.accounts.get("webhook:sales")
    assert account.credentials["secret"].get_secret_value() in said(form)
    assert account.deduplicates
    form.button(key="put-away").click().run()
    assert "whsec_" not in said(form)
    assert "whsec_" not in said(browse("accounts"))


def test_a_secret_of_ones_own_is_never_shown(form, application):
    own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    fill(form, name="sales", address="https://sales.example/hook", secret=own)
    form.button(key="connect").click().run()
    assert application.accounts.get("webhook:sales").credentials["secret"].get_secret_value() == own
    assert "whsec_" not in said(form)


def test_an_address_without_encryption_is_refused(form, application):
    fill(form, name="sales", address="http://sales.example/hook")
    form.button(key="connect").click().run()
    assert "Use https, or http on this machine." in said(form)
    assert len(application.accounts.all()) == 1


def test_removing_says_first_what_becomes_of_queued_posts(browse, application, plan):
    application.accounts.connect(SALES)
    plan("For sales", destinations=["webhook:sales"])
    page = browse("accounts")
    page.button(key="remove-webhook:sales").click().run()
    assert "1 post in the queue goes there and will be refused when due." in said(page)
    assert len(application.accounts.all()) == 2
    page.button(key="remove").click().run()
    assert len(application.accounts.all()) == 1
