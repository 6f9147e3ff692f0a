"""The options of a deployment."""

import dataclasses

import pytest

from cdk_min.options import DEFAULT_CONCURRENCY, InvalidOption, Options

DEFAULTS = Options(
    stack="Punctual", group="punctual", posting_url="", prepare_url="", allowed_hosts="", concurrency=None
)


def test_every_option_has_a_default():
    assert Options.read({}.get) == DEFAULTS


def test_a_posting_server_on_lambda_has_reserved_concurrency():
    assert Options.read({"posting_server": "lambda"}.get).concurrency == DEFAULT_CONCURRENCY
    # cdk.json may hold a number; the command line gives text
    assert Options.read({"posting_server": "lambda", "posting_concurrency": 5}.get).concurrency == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("posting_url", "https://posts.example.org/publish"),
        ("posting_url", "https://203.0.113.7.example:8443/a/b?c=d"),
        ("posting_url", "https://9.9.9.9/publish"),
        ("prepare_url", "https://posts.example.org/prepare"),
        ("allowed_hosts", "a.example, b-2.example,xn--mller-kva.example"),
        ("group", "posts_2026.a-b"),
        ("stack", "Punctual-2"),
    ],
)
def test_a_valid_value_is_used_unchanged(name, value):
    assert Options.read({name: value}.get) == dataclasses.replace(DEFAULTS, **{name: value})


@pytest.mark.parametrize(
    "url",
    [
        "http://posts.example",
        "posts.example",
        "https:///publish",
        "https://",
        "https://[posts",
        "https://posts.example:port",
        "https://ada:secret@posts.example",
        "https://posts.example/a b",
        "https://pösts.example",
        "https://localhost:8501/publish",
        "https://nas.local/publish",
        "https://192.168.1.5/publish",
        "https://[::1]/publish",
        ["https://posts.example.org"],
    ],
)
def test_a_posting_url_that_lambda_cannot_reach_is_refused(url):
    with pytest.raises(InvalidOption, match="posting_url must be an https address that Lambda can reach"):
        Options.read({"posting_url": url}.get)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("posting_server", "lamda"),
        ("posting_server", True),
        ("group", "my posts"),
        ("group", "g" * 65),
        ("stack", "2nd"),
        ("stack", "my_stack"),
        ("allowed_hosts", "https://a.example"),
        ("prepare_url", "http://posts.example.org/prepare"),
        ("allowed_hosts", "a.example,,b.example"),
        ("posting_concurrency", "0"),
        ("posting_concurrency", "1001"),
        ("posting_concurrency", "many"),
    ],
)
def test_the_error_names_an_invalid_value(name, value):
    others = {"posting_server": "lambda"} if name == "posting_concurrency" else {}
    with pytest.raises(InvalidOption, match=f"^The context value {name} must be "):
        Options.read({**others, name: value}.get)


def test_a_posting_server_on_lambda_excludes_a_posting_url():
    with pytest.raises(InvalidOption, match="posting_url must be left out with posting_server=lambda"):
        Options.read({"posting_server": "lambda", "posting_url": "https://posts.example.org"}.get)


def test_a_concurrency_requires_a_posting_server_on_lambda():
    with pytest.raises(InvalidOption, match="posting_concurrency must be left out without posting_server=lambda"):
        Options.read({"posting_concurrency": "5"}.get)


def test_the_error_does_not_repeat_the_value():
    with pytest.raises(InvalidOption) as raised:
        Options.read({"posting_url": "http://posts.example/token"}.get)
    assert "token" not in str(raised.value)


def test_a_posting_server_on_lambda_excludes_a_prepare_url():
    with pytest.raises(InvalidOption, match="prepare_url must be left out with posting_server=lambda"):
        Options.read({"posting_server": "lambda", "prepare_url": "https://posts.example.org/prepare"}.get)
