"""The environment variables of the relay's function."""

import pytest

from lambda_pkg.settings import InvalidVariable, RelaySettings

VARIABLES = {
    "POSTING_URL": "https://posts.example/publish",
    "SIGNING_SECRET_PARAMETER": "/Punctual/signing-secret",
}
FUNCTION_URL = "https://abc123.lambda-url.eu-central-1.on.aws/"


def test_commas_separate_the_allowed_hosts():
    settings = RelaySettings.read({**VARIABLES, "ALLOWED_HOSTS": "a.example, b.example,"})
    assert settings.allowed_hosts == {"a.example", "b.example"}


def test_no_host_is_allowed_by_default():
    assert RelaySettings.read(VARIABLES).allowed_hosts == frozenset()


@pytest.mark.parametrize("name", VARIABLES)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_the_error_names_a_missing_variable(name, value):
    variables = {key: text for key, text in {**VARIABLES, name: value}.items() if text is not None}
    with pytest.raises(InvalidVariable, match=f"{name} is not set"):
        RelaySettings.read(variables)


def test_an_invalid_posting_url_is_refused_without_repeating_it():
    with pytest.raises(InvalidVariable, match="POSTING_URL is not valid: .* https") as raised:
        RelaySettings.read({**VARIABLES, "POSTING_URL": "http://posts.example/T0KEN"})
    assert "T0KEN" not in str(raised.value)


def test_the_address_for_the_request_to_prepare_is_optional():
    assert RelaySettings.read(VARIABLES).prepare_url is None
    settings = RelaySettings.read({**VARIABLES, "PREPARE_URL": "https://posts.example/prepare"})
    assert settings.prepare_url == "https://posts.example/prepare"
    with pytest.raises(InvalidVariable, match="PREPARE_URL is not valid"):
        RelaySettings.read({**VARIABLES, "PREPARE_URL": "http://posts.example/prepare"})


@pytest.mark.parametrize("value", [None, "", " "])
@pytest.mark.parametrize(
    ("name", "member"),
    [("TABLE_NAME", "table_name"), ("DEAD_LETTER_URL", "dead_letter_url"), ("STACK_NAME", "stack_name")],
)
def test_a_small_stack_has_no_table_no_dead_letter_queue_and_no_name_for_metrics(name, member, value):
    assert getattr(RelaySettings.read(VARIABLES | ({} if value is None else {name: value})), member) is None
    assert getattr(RelaySettings.read({**VARIABLES, name: "given"}), member) == "given"


def test_a_posting_url_is_not_behind_iam_by_default():
    assert RelaySettings.read({**VARIABLES, "AWS_REGION": "eu-west-1"}).iam_region is None


@pytest.mark.parametrize(
    ("url", "region"), [(FUNCTION_URL, "eu-central-1"), ("https://posts.example/publish", "eu-west-1")]
)
def test_the_region_of_a_posting_function_is_that_of_its_url_else_that_of_the_relay(url, region):
    variables = {**VARIABLES, "POSTING_URL": url, "POSTING_AUTH": "aws_iam", "AWS_REGION": "eu-west-1"}
    assert RelaySettings.read(variables).iam_region == region


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"POSTING_AUTH": "basic"}, "POSTING_AUTH is not aws_iam"),
        ({"POSTING_AUTH": "aws_iam"}, "AWS_REGION is not set"),
    ],
)
def test_an_unknown_way_to_sign_or_an_unknown_region_is_refused(changed, message):
    with pytest.raises(InvalidVariable, match=message):
        RelaySettings.read(VARIABLES | changed)
