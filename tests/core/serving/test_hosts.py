"""A server accepts only its own host names."""

import pytest

from core.serving.hosts import AllowedHosts, is_loopback, same_origin

PUBLIC = AllowedHosts(public=("posts.example.org", "other.example.org:8443", "[fd00::5]"))


@pytest.mark.parametrize("host", ["localhost", "localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST:8501"])
def test_loopback_names_are_accepted_on_loopback_only(host):
    assert AllowedHosts().accepts_host(host, "127.0.0.1")
    assert AllowedHosts().accepts_host(host, "::1")
    assert AllowedHosts().accepts_host(host, "/run/punctual.sock")
    assert not AllowedHosts().accepts_host(host, "192.168.1.5")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0:8501"]
)
def test_other_names_are_refused(host):
    assert not AllowedHosts().accepts_host(host, "127.0.0.1")
    assert not PUBLIC.accepts_host(host, "127.0.0.1")


@pytest.mark.parametrize(
    "host",
    ["", "a b", "localhost:", "localhost:x", "user@localhost", "localhost/x", "[::1", "localhost:0", "localhost:65536"],
)
def test_malformed_hosts_are_refused(host):
    assert not AllowedHosts(public=("localhost",)).accepts_host(host, "127.0.0.1")


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        ("posts.example.org", True),
        ("Posts.Example.Org.", True),
        ("posts.example.org:9000", True),
        ("other.example.org:8443", True),
        ("other.example.org:08443", True),
        ("other.example.org", False),
        ("other.example.org:8444", False),
        ("[fd00::5]:8501", True),
        ("evil.posts.example.org", False),
    ],
)
def test_public_names_are_accepted_with_their_ports(host, accepted):
    assert PUBLIC.accepts_host(host, "192.168.1.5") is accepted


def test_an_open_server_is_reached_by_its_own_address():
    opened = AllowedHosts(own_addresses=True)
    assert opened.accepts_host("192.168.1.5:8501", "192.168.1.5")
    assert opened.accepts_host("192.168.1.5:8501", "::ffff:192.168.1.5")
    assert not opened.accepts_host("192.168.1.6:8501", "192.168.1.5")
    assert not AllowedHosts().accepts_host("192.168.1.5:8501", "192.168.1.5")


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("http://localhost:8501", True),
        ("https://localhost:8501", True),
        ("http://localhost:3000", False),
        ("http://localhost", False),
        ("http://127.0.0.1:8501", False),
        ("http://evil.example", False),
        ("file://localhost:8501", False),
        ("http://[", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_origin_is_the_same_only_with_the_same_name_and_port(origin, same):
    assert same_origin(origin, "localhost:8501") is same


def test_only_this_machine_reaches_loopback():
    assert [is_loopback(address) for address in ("127.0.0.1", "127.5.5.5", "::1", "localhost", "::ffff:127.0.0.1")] == (
        [True] * 5
    )
    assert not any(map(is_loopback, ("", "0.0.0.0", "::", "192.168.1.5", "posts.example.org")))
