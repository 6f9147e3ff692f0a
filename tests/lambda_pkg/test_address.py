"""The URLs that the relay sends posts to."""

import pytest

from lambda_pkg.address import Address, RefusedAddress, parse_address, resolve_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://posts.example", Address(host="posts.example", port=443, target="/", secure=True)),
        ("HTTPS://Posts.Example:8443/p?a=1#x", Address(host="posts.example", port=8443, target="/p?a=1", secure=True)),
        ("http://localhost:8501/publish", Address(host="localhost", port=8501, target="/publish", secure=False)),
        ("http://127.8.9.1/publish", Address(host="127.8.9.1", port=80, target="/publish", secure=False)),
        ("http://[::1]:8501/publish", Address(host="::1", port=8501, target="/publish", secure=False)),
    ],
)
def test_https_and_loopback_http_are_accepted(url, address):
    assert parse_address(url) == address


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://posts.example", "posts.example"),
        ("https://posts.example:443/", "posts.example"),
        ("https://posts.example:80/", "posts.example:80"),
        ("http://127.0.0.1/", "127.0.0.1"),
        ("http://[::1]/", "[::1]"),
        ("http://[::1]:443/", "[::1]:443"),
    ],
)
def test_the_host_header_names_a_port_other_than_the_default(url, authority):
    assert parse_address(url).authority == authority


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://posts.example/publish", "neither https nor http"),
        ("http://192.168.1.7/publish", "neither https nor http"),
        ("http://localhost.posts.example/", "neither https nor http"),
        ("http://127.0.0.1.posts.example/", "neither https nor http"),
        ("http://2130706433/", "neither https nor http"),
        ("ftp://localhost/", "neither https nor http"),
        ("file:///etc/passwd", "names no host"),
        ("/publish", "names no host"),
        ("", "names no host"),
        ("https://user:word@posts.example/", "user name"),
        ("http://localhost@posts.example/", "user name"),
        ("https://posts.example/a b", "spaces"),
        ("https://posts.example/\r\nX-Injected: 1", "spaces"),
        ("https://pösts.example/", "outside ASCII"),
        ("https://posts.example:port/", "is not valid"),
        ("https://posts.example:0/", "is not valid"),
        ("https://[::1/", "is not valid"),
    ],
)
def test_an_insecure_or_malformed_url_is_refused(url, fault):
    with pytest.raises(RefusedAddress, match=fault):
        parse_address(url)


def test_a_refusal_does_not_repeat_the_path():
    with pytest.raises(RefusedAddress) as raised:
        parse_address("http://posts.example/services/T0KEN")
    assert "T0KEN" not in str(raised.value)


def test_a_posts_own_url_may_name_another_path_on_the_posting_urls_host():
    address = resolve_address("https://posts.example/other", "https://posts.example/publish", frozenset())
    assert address.target == "/other"


def test_an_address_prints_as_host_and_port_only():
    assert str(parse_address("http://[::1]:8501/T0KEN")) == "[::1]:8501"
