"""Validation of the form that connects an account."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.accounts.port import Account
from core.outbox.sqlite import SqliteOutbox
from core.publishing.account_form import is_allowed_url, known_values, parse_account_name, parse_secret, parse_server
from core.publishing.network import CannotConnect, NetworkDependencies
from core.publishing.registry import Networks


@pytest.mark.parametrize(
    ("entry", "server"),
    [
        ("example.social", "https://example.social"),
        (" Example.Social/ ", "https://example.social"),
        ("https://example.social/@ada?x=1#y", "https://example.social"),
        ("example.social:8443", "https://example.social:8443"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_a_server_is_parsed_from_its_name_or_any_url_on_it(entry, server):
    assert parse_server(entry) == server


@pytest.mark.parametrize(
    "entry",
    [
        "",
        " ",
        "http://example.social",
        "ftp://example.social",
        "https://ada:pw@example.social",
        "https://example.social:99999",
        "https://example.social:0",
        "https://",
        "http://[::1",
    ],
)
def test_an_invalid_server_or_one_without_https_is_refused(entry):
    with pytest.raises(CannotConnect):
        parse_server(entry)


@pytest.mark.parametrize("secret", ["", "  ", "two words", "new\nline", "ümlaut", "nul\0"])
def test_an_incomplete_secret_is_refused_and_not_shown(secret):
    with pytest.raises(CannotConnect) as caught:
        parse_secret({"token": secret}, "token", "access token")
    assert "access token" in str(caught.value)
    assert not secret.strip() or secret not in str(caught.value)


def test_spaces_around_a_secret_are_removed():
    assert parse_secret({"token": " abc\n"}, "token", "access token") == "abc"


def test_what_is_known_fills_every_field_that_is_no_secret(database, clock):
    networks = Networks(NetworkDependencies(outbox=SqliteOutbox(database), clock=clock))
    account = Account(destination="webhook:sales", label="sales", address="https://sales.example", deduplicates=True)
    fields = [field for network in networks.values() for field in network.fields if not field.secret]
    assert {field.name for field in fields} <= set(known_values(account))


@pytest.mark.parametrize(("name", "chat"), [("-100123", "-100123"), ("news", "@news")])
def test_a_chat_is_known_by_its_name_or_its_id(name, chat):
    assert known_values(Account(destination=f"telegram:{name}", label="News"))["chat"] == chat


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 61, "ü"])
def test_a_name_that_no_destination_can_contain_is_refused(name):
    with pytest.raises(CannotConnect):
        parse_account_name({"name": name})


@given(st.text(max_size=60))
def test_checking_a_url_never_raises(text):
    assert is_allowed_url(text) in (True, False)
