import pytest
import streamlit as st

from ui.frame.server import posting_url


@pytest.fixture
def bound(monkeypatch):
    """Let the server be bound to an address, and return where it takes posts."""

    def url(address, certificate=None):
        options = {"server.address": address, "server.port": 8600, "server.sslCertFile": certificate}
        monkeypatch.setattr(st, "get_option", options.__getitem__)
        posting_url.cache_clear()
        return posting_url()

    yield url
    posting_url.cache_clear()


@pytest.mark.parametrize("everywhere", [None, "", "0.0.0.0", "::"])
def test_a_server_on_every_interface_takes_posts_on_loopback(bound, everywhere):
    assert bound(everywhere) == "http://127.0.0.1:8600/publish"


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8600/publish"),
        ("localhost", "http://localhost:8600/publish"),
        ("::1", "http://[::1]:8600/publish"),
        ("192.0.2.7", "http://192.0.2.7:8600/publish"),
    ],
)
def test_a_server_on_one_address_takes_posts_there(bound, address, url):
    assert bound(address) == url


def test_a_server_with_a_certificate_takes_posts_encrypted(bound):
    assert bound("127.0.0.1", "cert.pem") == "https://127.0.0.1:8600/publish"


def test_the_address_stays_as_it_was_when_the_server_started(bound, monkeypatch):
    first = bound("127.0.0.1")
    monkeypatch.setattr(st, "get_option", {"server.address": "", "server.port": 1}.get)
    assert posting_url() == first
