"""What a deployment may choose."""

import dataclasses

import pytest

from cdk_min.options import CONCURRENCY, Options, InvalidOption

NOTHING_CHOSEN = Options(stack="Punctual", group="punctual", posting_url="", allowed_hosts="", concurrency=None)


def test_a_deployment_may_choose_nothing():
    assert Options.read({}.get) == NOTHING_CHOSEN


def test_a_posting_server_on_lambda_has_its_concurrency_reserved():
    assert Options.read({"posting_server": "lambda"}.get).concurrency == CONCURRENCY
    # cdk.json may hold a number, where the command line holds a text
    assert Options.read({"posting_server": "lambda", "posting_concurrency": 5}.get).concurrency == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("posting_url", "https://posts.example.org/publish"),
        ("posting_url", "https://203.0.113.7.example:8443/a/b?c=d"),
        ("posting_url", "https://9.9.9.9/publish"),
        ("allowed_hosts", "a.example, b-2.example,xn--mller-kva.example"),
        ("group", "posts_2026.a-b"),
        ("stack", "Punctual-2"),
    ],
)
def test_what_can_be_used_is_taken_as_it_is(name, value):
    assert Options.read({name: value}.get) == dataclasses.replace(NOTHING_CHOSEN, **{name: value})


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
        ("allowed_hosts", "a.example,,b.example"),
        ("posting_concurrency", "0"),
        ("posting_concurrency", "1001"),
        ("posting_concurrency", "many"),
    ],
)
def test_any_other_bad_value_is_refused_and_its_name_told(name, value):
    others = {"posting_server": "lambda"} if name == "posting_concurrency" else {}
    with pytest.raises(InvalidOption, match=f"^The context value {name} must be "):
        Options.read({**others, name: value}.get)


def test_a_posting_server_on_lambda_goes_with_no_other_posting_url():
    with pytest.raises(InvalidOption, match="posting_url must be left out with posting_server=lambda"):
        Options.read({"posting_server": "lambda", "posting_url": "https://posts.example.org"}.get)


def test_concurrency_is_reserved_for_nothing_but_a_posting_server():
    with pytest.raises(InvalidOption, match="posting_concurrency must be left out without posting_server=lambda"):
        Options.read({"posting_concurrency": "5"}.get)


def test_what_was_told_is_not_repeated():
    with pytest.raises(InvalidOption) as refused:
        Options.read({"posting_url": "http://posts.example/token"}.get)
    assert "token" not in str(refused.value)
