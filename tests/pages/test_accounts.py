from io import BytesIO

import pytest
from PIL import Image
from pydantic import SecretStr

from core.accounts.port import Account
from core.publishing.network import PostingPermission
from core.publishing.profile import Profile
from core.scheduling import upcoming
from ui.frame.faces import face_url

SALES = Account(destination="webhook:sales", label="sales (webhook)", address="https://sales.example")


@pytest.fixture(autouse=True)
def permission(application, monkeypatch):
    """Let each webhook have the permission to post, without a request to its address."""
    monkeypatch.setattr(application.networks["webhook"], "check", lambda _: PostingPermission())


@pytest.fixture
def sales(application):
    """Connect an account for sales and return its network."""
    application.accounts.connect(SALES)
    return application.networks["webhook"]


@pytest.fixture
def form(browse):
    """Open the form for a signed webhook."""
    page = browse("accounts")
    page.click("ask-connect")
    page.click("network", "webhook")
    return page


def encoded_picture():
    file = BytesIO()
    Image.new("RGB", (200, 200), "teal").save(file, "PNG")
    return file.getvalue()


def connect(page, **values):
    for name, value in values.items():
        page.text_input(key=f"connect-webhook-{name}").set_value(value)
    page.click("connect")


def test_the_outbox_cannot_be_removed(browse):
    page = browse("accounts")
    assert "**Outbox**" in page.shown
    assert not page.menu_button


def test_a_generated_secret_is_shown_once(form, application, browse):
    form.checkbox(key="connect-webhook-deduplicates").check()
    connect(form, name="sales", address="https://sales.example/hook")
    account = application.accounts.get("webhook:sales")
    assert account.credentials["secret"].get_secret_value() in form.shown
    assert account.deduplicates
    form.click("dismiss-secret")
    assert "whsec_" not in form.shown
    assert "whsec_" not in browse("accounts").shown


def test_an_entered_secret_is_never_shown(form, application):
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    connect(form, name="sales", address="https://sales.example/hook", secret=secret)
    assert application.accounts.get("webhook:sales").credentials["secret"].get_secret_value() == secret
    assert "whsec_" not in form.shown


def test_an_unencrypted_address_is_refused(form, application):
    connect(form, name="sales", address="http://sales.example/hook")
    assert "Use https, or http on this machine." in form.shown
    assert len(application.accounts.all()) == 1


def test_the_remove_dialog_counts_the_queued_posts(browse, sales, application, plan):
    plan("For sales", destinations=["webhook:sales"])
    page = browse("accounts")
    page.choose("Remove", "webhook:sales")
    assert "1 queued post will not be published to this account." in page.shown
    assert len(application.accounts.all()) == 2
    page.click("remove")
    assert len(application.accounts.all()) == 1


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("webhook:sales", "At least 1 queued post will not be published to this account."),
        ("outbox", "None of the next 1,000 queued posts goes to this account; later ones may."),
    ],
)
def test_the_remove_dialog_says_that_the_queue_is_longer_than_what_it_has_counted(
    browse, sales, plan, monkeypatch, first, words
):
    plan("Sooner", destinations=[first])
    plan("Later", destinations=["webhook:sales"], minutes=90)
    whole = upcoming.upcoming
    monkeypatch.setattr(upcoming, "upcoming", lambda *args, **options: whole(*args, **{**options, "limit": 1}))
    page = browse("accounts")
    page.choose("Remove", "webhook:sales")
    assert words in page.shown


def test_a_new_account_shows_its_details_and_its_check(form, application, monkeypatch):
    details = {"limits": {"characters": 5000}, "deduplicates": True}
    network = application.networks["webhook"]
    original = network.connect
    monkeypatch.setattr(network, "connect", lambda values: original(values).model_copy(update=details))
    connect(form, name="sales", address="https://sales.example/hook")
    assert "Connected as sales (webhook)." in form.shown
    assert "**sales**" in form.shown
    assert "https://sales.example/hook · 5,000 characters · ignores duplicates" in form.shown
    assert "Works] :small[:gray[checked now]]" in form.shown


def test_check_now_checks_the_account(browse, sales, clock, monkeypatch):
    page = browse("accounts")
    assert "Not checked yet" in page.shown
    page.click("check", "webhook:sales")
    assert "Works] :small[:gray[checked now]]" in page.shown
    monkeypatch.setattr(sales, "check", lambda _: PostingPermission(problem="The token was revoked."))
    page.click("check", "webhook:sales")
    clock.move(minutes=5)
    page.run()
    assert "The token was revoked." in page.shown
    assert "First seen 5 minutes ago" in page.shown
    assert "checked 5 minutes ago" in page.shown


def test_a_fact_that_a_check_cannot_verify_is_shown(browse, sales, monkeypatch):
    monkeypatch.setattr(sales, "check", lambda _: PostingPermission(unchecked="Whether it may post was not checked."))
    page = browse("accounts")
    page.click("check", "webhook:sales")
    assert "Whether it may post was not checked.] :gray[checked now]" in page.shown
    assert "Works" not in page.shown
    assert [each.proto.label for each in page.get("page_link")][-1].endswith("*Signed webhook, not checked*")


def test_reconnect_opens_the_form_with_what_is_known_but_no_secret(browse, application):
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    account = SALES.model_copy(update={"deduplicates": True, "credentials": {"secret": SecretStr(secret)}})
    application.accounts.connect(account)
    page = browse("accounts")
    page.choose("Reconnect", "webhook:sales")
    values = {name: page.text_input(key=f"connect-webhook-{name}").value for name in ("name", "address", "secret")}
    assert values == {"name": "sales", "address": "https://sales.example", "secret": ""}
    assert page.checkbox(key="connect-webhook-deduplicates").value


def test_a_reconnected_account_is_no_longer_failing(browse, sales, application, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sales, "check", lambda _: PostingPermission(problem="The token was revoked."))
        application.account_checks.check("webhook:sales")
    page = browse("accounts")
    page.choose("Reconnect", "webhook:sales")
    connect(page, name="sales", address="https://sales.example/new")
    assert application.account_checks.failing() == {}
    assert application.accounts.get("webhook:sales").address == "https://sales.example/new"


def test_a_network_is_chosen_before_its_form_and_can_be_changed(browse):
    page = browse("accounts")
    page.click("ask-connect")
    assert not page.text_input
    page.click("network", "telegram")
    assert [field.label for field in page.text_input] == ["Bot token", "Chat"]
    page.click("other-network")
    page.click("network", "discord")
    assert [field.label for field in page.text_input] == ["Name", "Webhook URL"]
    page.click("close-dialog")
    page.click("ask-connect")
    assert not page.text_input


def test_the_first_account_is_connected_from_the_tiles_of_the_page(browse, application):
    page = browse("accounts")
    page.click("first", "webhook")
    connect(page, name="sales", address="https://sales.example/hook")
    assert application.accounts.get("webhook:sales").label == "sales (webhook)"
    assert "first-webhook" not in [button.key for button in page.button]


def test_a_new_account_has_the_name_and_the_avatar_of_its_network(form, application, monkeypatch):
    profile = Profile(name="Sales <team>", handle="sales@example", avatar=encoded_picture())
    monkeypatch.setattr(application.networks["webhook"], "profile", lambda account: profile, raising=False)
    connect(form, name="sales", address="https://sales.example/hook")
    account = application.accounts.get("webhook:sales")
    assert application.media.exists(account.avatar)
    assert f"![]({face_url(account, 48)})" in form.shown
    assert "**Sales <team>**" in form.shown
    assert "@sales@example · Signed webhook" in form.shown


def test_an_account_that_does_not_work_offers_to_reconnect(browse, sales, application, monkeypatch):
    monkeypatch.setattr(sales, "check", lambda _: PostingPermission(problem="The token was revoked."))
    application.account_checks.check("webhook:sales")
    page = browse("accounts")
    page.click("reconnect", "webhook:sales")
    assert page.text_input(key="connect-webhook-name").value == "sales"


def test_disabling_an_account_with_queued_posts_names_them_first(browse, sales, application, plan):
    plan("For sales", destinations=["webhook:sales"])
    page = browse("accounts")
    page.choose("Disable", "webhook:sales")
    assert "1 queued post will be refused if you do not enable it before." in page.shown
    assert application.accounts.get("webhook:sales").enabled
    page.click("disable")
    assert not application.accounts.get("webhook:sales").enabled


def test_the_navigation_lists_at_most_eight_accounts_those_with_a_problem_first(browse, application, monkeypatch):
    for number in range(10):
        application.accounts.connect(Account(destination=f"webhook:shop{number}", label=f"shop {number} (webhook)"))
    monkeypatch.setattr(
        application.networks["webhook"],
        "check",
        lambda account: PostingPermission(problem="Gone." if account.label.startswith("shop 7") else None),
    )
    for number in (1, 7):
        application.account_checks.check(f"webhook:shop{number}")
    links = [each.proto.label for each in browse("queue").get("page_link") if "faces/" in each.proto.label]
    assert len(links) == 8
    assert links[0].endswith("shop 7 :red[:material/error:] *Signed webhook, does not work*")
    assert links[1].endswith("shop 0 :gray[:material/help:] *Signed webhook, not checked yet*")
    assert links[2].endswith("shop 1 :green[:material/check_circle:] *Signed webhook, works*")
    assert "and 2 more" in [each.proto.label for each in browse("queue").get("page_link")]


def test_an_account_is_disabled_and_enabled(browse, sales, application):
    page = browse("accounts")
    page.choose("Disable", "webhook:sales")
    assert "sales (webhook) disabled: posts to it are refused until you enable it." in page.shown
    assert not application.accounts.get("webhook:sales").enabled
    assert "Disabled" in page.shown
    assert page.button(key="check-webhook:sales").disabled
    page.choose("Enable", "webhook:sales")
    assert application.accounts.get("webhook:sales").enabled
