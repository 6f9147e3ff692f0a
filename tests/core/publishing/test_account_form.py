"""What people enter to connect an account."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.publishing.account_form import is_allowed_url, parse_account_name, parse_secret, parse_server
from core.publishing.network import CannotConnect


@pytest.mark.parametrize(
    ("entered", "server"),
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
def test_a_server_is_found_in_whatever_address_is_pasted(entered, server):
    assert parse_server(entered) == server


@pytest.mark.parametrize(
    "entered",
    [
        "",
        " ",
        "http://example.social",
        "ftp://example.social",
        "https://ada:pw@example.social",
        "https://example.social:99999",
        "https://",
        "http://[::1",
    ],
)
def test_a_server_that_needs_no_https_or_is_none_is_refused(entered):
    with pytest.raises(CannotConnect):
        parse_server(entered)


@pytest.mark.parametrize("secret", ["", "  ", "two words", "new\nline", "ümlaut", "nul\0"])
def test_a_token_that_was_not_copied_whole_is_refused_and_not_repeated(secret):
    with pytest.raises(CannotConnect) as caught:
        parse_secret({"token": secret}, "token", "access token")
    assert "access token" in str(caught.value)
    assert not secret.strip() or secret not in str(caught.value)


def test_spaces_around_a_token_are_left_out():
    assert parse_secret({"token": " abc\n"}, "token", "access token") == "abc"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 61, "ü"])
def test_a_name_that_cannot_stand_in_a_destination_is_refused(name):
    with pytest.raises(CannotConnect):
        parse_account_name({"name": name})


@given(st.text(max_size=60))
def test_no_address_makes_the_check_raise(text):
    assert is_allowed_url(text) in (True, False)
