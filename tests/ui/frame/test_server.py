import pytest
import streamlit as st

from ui.frame.server import posting_url


@pytest.fixture
def url_of(monkeypatch):
    """Return the posting URL of a server with an address and a certificate."""

    def url(address, certificate=None):
        options = {"server.address": address, "server.port": 8600, "server.sslCertFile": certificate}
        monkeypatch.setattr(st, "get_option", options.__getitem__)
        posting_url.cache_clear()
        return posting_url()

    yield url
    posting_url.cache_clear()


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::"])
def test_a_server_on_all_interfaces_takes_posts_on_loopback(url_of, address):
    assert url_of(address) == "http://127.0.0.1:8600/publish"


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8600/publish"),
        ("localhost", "http://localhost:8600/publish"),
        ("::1", "http://[::1]:8600/publish"),
        ("192.0.2.7", "http://192.0.2.7:8600/publish"),
    ],
)
def test_a_server_on_one_address_takes_posts_there(url_of, address, url):
    assert url_of(address) == url


def test_a_server_with_a_certificate_takes_posts_over_https(url_of):
    assert url_of("127.0.0.1", "cert.pem") == "https://127.0.0.1:8600/publish"


def test_the_url_is_fixed_at_the_first_call(url_of, monkeypatch):
    first = url_of("127.0.0.1")
    monkeypatch.setattr(st, "get_option", {"server.address": "", "server.port": 1}.get)
    assert posting_url() == first
