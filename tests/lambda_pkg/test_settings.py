"""The environment variables of the relay's function."""

import pytest

from lambda_pkg.settings import InvalidVariable, RelaySettings

VARIABLES = {
    "POSTING_URL": "https://posts.example/publish",
    "SIGNING_SECRET_ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:signing-AbCdEf",
    "TABLE_NAME": "ledger",
    "DEAD_LETTER_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-letters",
}


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
