"""The contract of the accounts port, on a file and on Parameter Store in moto."""

import pytest
from moto import mock_aws
from pydantic import SecretStr

from core.accounts.file import FileAccounts
from core.accounts.parameter_store import ParameterStoreAccounts
from core.accounts.port import OUTBOX, Account, Face, UnknownDestination


@pytest.fixture
def file_accounts(tmp_path):
    """Return a function that opens the file again, as another process does."""
    return lambda: FileAccounts(tmp_path / "accounts.json")


@pytest.fixture
def parameter_accounts(aws_session, clock):
    """Return a function that opens the path again, as another process does."""
    with mock_aws():
        client = aws_session.client("ssm", aws_access_key_id="x", aws_secret_access_key="x")
        yield lambda: ParameterStoreAccounts(client, "/punctual/Punctual/accounts", clock)


@pytest.fixture(params=["file", "parameter"])
def open_accounts(request):
    return request.getfixturevalue(f"{request.param}_accounts")


@pytest.fixture
def accounts(open_accounts):
    return open_accounts()


def webhook(name, **changed):
    members = {"label": name, "address": "https://example.org", "credentials": {"secret": SecretStr("hunter2")}}
    return Account(destination=f"webhook:{name}", **{**members, **changed})


def test_the_outbox_is_always_connected(accounts):
    assert accounts.all() == [OUTBOX]
    assert accounts.get("outbox") == OUTBOX


def test_an_account_is_stored_with_all_its_members(accounts, open_accounts):
    account = webhook("sales", identity="did:plc:1", limits={"characters": 500}, deduplicates=True, enabled=False)
    accounts.connect(account)
    for opened in (accounts, open_accounts()):
        assert opened.get("webhook:sales") == account
        assert opened.get("webhook:sales").credentials["secret"].get_secret_value() == "hunter2"


def test_an_account_that_is_connected_again_is_replaced(accounts):
    accounts.connect(webhook("sales", label="old"))
    accounts.connect(webhook("support"))
    accounts.connect(webhook("sales", label="new"))
    assert sorted(account.label for account in accounts.all()[1:]) == ["new", "support"]


def test_enabling_and_disabling_changes_nothing_else(accounts, open_accounts):
    accounts.connect(webhook("sales"))
    for enabled in (False, True, False):
        accounts.set_enabled("webhook:sales", enabled)
        for opened in (accounts, open_accounts()):
            assert opened.get("webhook:sales") == webhook("sales", enabled=enabled)
    with pytest.raises(UnknownDestination):
        accounts.set_enabled("webhook:support", False)


def test_disabling_keeps_a_token_that_another_process_has_just_stored(accounts, open_accounts):
    accounts.connect(webhook("sales"))
    accounts.all()
    open_accounts().connect(webhook("sales", credentials={"secret": SecretStr("new")}))
    accounts.set_enabled("webhook:sales", False)
    found = open_accounts().get("webhook:sales")
    assert (found.credentials["secret"].get_secret_value(), found.enabled) == ("new", False)


def test_an_account_that_is_connected_again_is_enabled_as_connected(accounts, open_accounts):
    accounts.connect(webhook("sales"))
    accounts.set_enabled("webhook:sales", False)
    accounts.connect(webhook("sales"))
    assert open_accounts().get("webhook:sales").enabled
    accounts.set_enabled("webhook:sales", False)
    accounts.remove("webhook:sales")
    accounts.connect(webhook("sales"))
    assert open_accounts().get("webhook:sales").enabled


def test_a_removed_account_is_unknown(accounts, open_accounts):
    accounts.connect(webhook("sales"))
    accounts.remove("webhook:sales")
    accounts.remove("webhook:sales")
    for opened in (accounts, open_accounts()):
        with pytest.raises(UnknownDestination, match="webhook:sales") as refusal:
            opened.get("webhook:sales")
        assert "outbox" in refusal.value.hint


def test_an_account_that_another_process_connects_is_found_at_once(accounts, open_accounts):
    assert accounts.all() == [OUTBOX]
    open_accounts().connect(webhook("sales"))
    assert accounts.get("webhook:sales").label == "sales"


@pytest.mark.parametrize("destination", ["mastodon:@ada@example.social", "x:Ada_L", "webhook:a/b", "webhook:ö.example"])
def test_similar_destinations_are_different_accounts(accounts, destination):
    for each in (destination, destination + "_", destination.replace("_", "-")):
        accounts.connect(webhook("any", label=each).model_copy(update={"destination": each}))
    assert accounts.get(destination).label == destination
    accounts.remove(destination + "_")
    assert accounts.get(destination).label == destination


def test_accounts_beyond_one_response_page_are_returned(accounts):
    for number in range(12):
        accounts.connect(webhook(f"n{number}"))
    assert len(accounts.all()) == 13


ADA = Face(name="Ada Lovelace", handle="ada.example", avatar="a" * 64)


def test_a_face_is_stored_and_replaced_and_changes_nothing_else(accounts, open_accounts):
    accounts.connect(webhook("sales"))
    accounts.set_enabled("webhook:sales", False)
    for face in (ADA, Face(name="Ada"), Face()):
        accounts.set_face("webhook:sales", face)
        for opened in (accounts, open_accounts()):
            assert opened.get("webhook:sales") == webhook("sales", enabled=False).model_copy(update=face.model_dump())
    with pytest.raises(UnknownDestination):
        accounts.set_face("webhook:support", ADA)


def test_a_face_keeps_a_token_that_another_process_has_just_stored(accounts, open_accounts):
    accounts.connect(webhook("sales"))
    accounts.all()
    open_accounts().connect(webhook("sales", credentials={"secret": SecretStr("new")}))
    accounts.set_face("webhook:sales", ADA)
    found = open_accounts().get("webhook:sales")
    assert (found.credentials["secret"].get_secret_value(), found.face) == ("new", ADA)


def test_an_account_that_is_connected_again_has_the_face_of_the_new_connection(accounts, open_accounts):
    accounts.connect(webhook("sales").model_copy(update=ADA.model_dump()))
    assert open_accounts().get("webhook:sales").face == ADA
    accounts.connect(webhook("sales"))
    assert open_accounts().get("webhook:sales").face == Face()
    accounts.set_face("webhook:sales", ADA)
    accounts.remove("webhook:sales")
    accounts.connect(webhook("sales"))
    assert open_accounts().get("webhook:sales").face == Face()
