"""The options of a deployment."""

import dataclasses

import pytest

from cdk_min.options import InvalidOption, Options

DEFAULTS = Options(
    given={},
    stack="Punctual",
    group="punctual",
    posting_url="",
    prepare_url="",
    allowed_hosts="",
    alarm_email="",
    full=False,
    posting_server=False,
    concurrency=None,
    table="",
    bucket="",
)
SERVER = {"posting_server": "lambda"}


def test_every_option_has_a_default():
    assert Options.read({}.get) == DEFAULTS


def test_a_posting_server_on_lambda_needs_the_full_stack_and_reserves_nothing_of_the_accounts_concurrency():
    assert Options.read(SERVER.get) == dataclasses.replace(DEFAULTS, given=SERVER, full=True, posting_server=True)


def test_concurrency_can_be_reserved_for_the_posting_server():
    assert Options.read({**SERVER, "posting_concurrency": "5"}.get).concurrency == 5
    assert Options.read({**SERVER, "posting_concurrency": 5}.get).concurrency == 5  # cdk.json may hold a number


@pytest.mark.parametrize("value", ["true", True])  # cdk.json may hold true
def test_the_full_stack_also_works_with_a_posting_url(value):
    url = "https://posts.example.org/publish"
    assert Options.read({"full": value, "posting_url": url}.get) == dataclasses.replace(
        DEFAULTS, given={"full": "true", "posting_url": url}, full=True, posting_url=url
    )


def test_the_full_stack_takes_an_existing_table_and_an_existing_bucket():
    options = Options.read({"full": "true", "table": "Punctual-Ledger0A1B-2C", "bucket": "punctual-media0a1b-2c"}.get)
    assert (options.table, options.bucket) == ("Punctual-Ledger0A1B-2C", "punctual-media0a1b-2c")


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
        ("alarm_email", "ada+punctual@mail.example.org"),
    ],
)
def test_a_valid_value_is_used_unchanged(name, value):
    given = {} if name == "stack" else {name: value}
    assert Options.read({name: value}.get) == dataclasses.replace(DEFAULTS, given=given, **{name: value})


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
        ("stack", "aws-posts"),
        ("stack", "SSM"),
        ("full", "yes"),
        ("full", False),
        ("alarm_email", "ada"),
        ("alarm_email", "ada@example.org, bob@example.org"),
        ("table", "my table"),
        ("bucket", "Media"),
        ("allowed_hosts", "https://a.example"),
        ("prepare_url", "http://posts.example.org/prepare"),
        ("allowed_hosts", "a.example,,b.example"),
        ("posting_concurrency", "0"),
        ("posting_concurrency", "1001"),
        ("posting_concurrency", "many"),
    ],
)
def test_the_error_names_an_invalid_value(name, value):
    with pytest.raises(InvalidOption, match=f"^The context value {name} must be (?!left out)"):
        Options.read({name: value}.get)


def test_a_posting_server_on_lambda_excludes_a_posting_url():
    with pytest.raises(InvalidOption, match="posting_url must be left out with posting_server=lambda"):
        Options.read({"posting_server": "lambda", "posting_url": "https://posts.example.org"}.get)


def test_a_concurrency_requires_a_posting_server_on_lambda():
    with pytest.raises(InvalidOption, match="posting_concurrency must be left out without posting_server=lambda"):
        Options.read({"posting_concurrency": "5"}.get)


@pytest.mark.parametrize("name", ["table", "bucket"])
def test_the_small_stack_has_neither_a_table_nor_a_bucket(name):
    with pytest.raises(InvalidOption, match=f"{name} must be left out without full=true or posting_server=lambda"):
        Options.read({name: "punctual-0a1b"}.get)


def test_the_error_does_not_repeat_the_value():
    with pytest.raises(InvalidOption) as raised:
        Options.read({"posting_url": "http://posts.example/token"}.get)
    assert "token" not in str(raised.value)


def test_a_posting_server_on_lambda_excludes_a_prepare_url():
    with pytest.raises(InvalidOption, match="prepare_url must be left out with posting_server=lambda"):
        Options.read({"posting_server": "lambda", "prepare_url": "https://posts.example.org/prepare"}.get)
