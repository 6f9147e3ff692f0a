import pytest

from core.accounts.port import Account

SALES = Account(destination="webhook:sales", label="sales (webhook)", address="https://sales.example")


def said(session):
    """The words on the page, as they are shown."""
    elements = [session.markdown, session.caption, session.error, session.warning, session.code, session.toast]
    return " ".join(found.value for kind in elements for found in kind).replace("\\", "")


def choose(page, choice):
    page.menu_button(key="menu-webhook:sales").click(choice).run()
    assert not page.exception
    return page


@pytest.fixture
def sales(application):
    application.accounts.connect(SALES)
    return application.networks["webhook"]


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
    page = choose(browse("accounts"), "Remove")
    assert "1 post in the queue goes there and will be refused when due." in said(page)
    assert len(application.accounts.all()) == 2
    page.button(key="remove").click().run()
    assert len(application.accounts.all()) == 1


def test_a_connected_account_says_who_it_is_and_that_it_was_checked(form, application, monkeypatch):
    told = {"identity": "did:plc:abc", "limits": {"characters": 5000}}
    connect = application.networks["webhook"].connect
    monkeypatch.setattr(
        application.networks["webhook"], "connect", lambda given: connect(given).model_copy(update=told)
    )
    fill(form, name="sales", address="https://sales.example/hook")
    form.button(key="connect").click().run()
    assert "Connected as sales (webhook)." in said(form)
    assert "Signed webhook · https://sales.example/hook · did:plc:abc · 5,000 characters" in said(form)
    assert "No trouble found, :gray[checked now]" in said(form)


def test_an_account_is_checked_when_a_person_asks(browse, sales, application, clock, monkeypatch):
    page = browse("accounts")
    assert "Not checked yet" in said(page)
    page.button(key="check-webhook:sales").click().run()
    assert "No trouble found, :gray[checked now]" in said(page)
    monkeypatch.setattr(sales, "check", lambda _: "The token was revoked.")
    page.button(key="check-webhook:sales").click().run()
    clock.move(minutes=5)
    page.run()
    assert "The token was revoked." in said(page)
    assert "First seen 5 minutes ago" in said(page)
    assert "checked 5 minutes ago" in said(page)


def test_an_account_that_is_connected_again_is_no_longer_in_trouble(browse, sales, application, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sales, "check", lambda _: "The token was revoked.")
        application.account_watch.check("webhook:sales")
    page = choose(browse("accounts"), "Connect again")
    fill(page, name="sales", address="https://sales.example/new")
    page.button(key="connect").click().run()
    assert application.account_watch.troubles() == {}
    assert application.accounts.get("webhook:sales").address == "https://sales.example/new"


def test_an_account_is_disabled_and_enabled_again(browse, sales, application):
    page = choose(browse("accounts"), "Disable")
    assert "Posts to sales (webhook) are refused when due, until you enable it." in said(page)
    assert not application.accounts.get("webhook:sales").enabled
    assert "Disabled" in said(page)
    assert page.button(key="check-webhook:sales").disabled
    page = choose(page, "Enable")
    assert application.accounts.get("webhook:sales").enabled
