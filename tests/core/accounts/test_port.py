"""What an account tells of itself, and what it does not."""

import json

import pytest
from pydantic import SecretStr

from core.accounts.port import Account, with_credentials


@pytest.fixture
def account():
    return Account(destination="webhook:sales", label="Sales", credentials={"secret": SecretStr("hunter2")})


def test_the_network_stands_before_the_colon(account):
    assert account.network == "webhook"


def test_credentials_are_not_shown(account):
    assert "hunter2" not in repr(account)
    assert "hunter2" not in account.model_dump_json()


def test_credentials_are_written_in_the_clear_for_where_they_are_kept_alone(account):
    assert Account.model_validate_json(json.dumps(with_credentials(account))) == account
