import json

import pytest
from pydantic import SecretStr

from core.accounts.port import NAME_LENGTH, Account, Face, with_plain_credentials


@pytest.fixture
def account():
    return Account(destination="webhook:sales", label="Sales", credentials={"secret": SecretStr("hunter2")})


def test_the_network_is_the_part_before_the_colon(account):
    assert account.network == "webhook"


def test_credentials_are_masked(account):
    assert "hunter2" not in repr(account)
    assert "hunter2" not in account.model_dump_json()


def test_an_account_can_be_stored_with_plain_credentials_and_read_again(account):
    assert Account.model_validate_json(json.dumps(with_plain_credentials(account))) == account


def test_an_account_without_a_face_is_stored_as_before_there_were_faces(account):
    assert not with_plain_credentials(account).keys() & Face.model_fields.keys()


def test_a_name_becomes_one_short_line_that_can_be_stored():
    assert Face(name=" Ada\n Love\tlace \ud800").name == "Ada Love lace"
    assert len(Face(name="x" * 1000).name) == NAME_LENGTH
