import json
import traceback
from datetime import timedelta

import pytest
from pydantic import SecretStr

from core.accounts.parameter_store import CACHED_FOR, ParameterStoreAccounts, ParameterUnreadable
from core.accounts.port import Account, Face
from core.aws_errors import AccessDenied

PATH = "/punctual/Punctual/accounts"


@pytest.fixture
def account():
    return Account(destination="webhook:sales", label="Sales", credentials={"secret": SecretStr("hunter2")})


@pytest.fixture
def accounts(cloud, application_session, clock):
    return ParameterStoreAccounts(application_session.client("ssm"), PATH, clock)


def test_an_account_is_an_encrypted_parameter_with_a_readable_name(accounts, cloud, account):
    accounts.connect(account)
    [stored] = cloud["ssm"].get_parameters_by_path(Path=PATH)["Parameters"]
    assert (stored["Name"], stored["Type"]) == (f"{PATH}/webhook_3a_sales", "SecureString")


@pytest.mark.parametrize(
    "later", [CACHED_FOR, -timedelta(days=1)], ids=["after half a minute", "after the clock was set back"]
)
def test_a_change_of_another_process_is_visible_within_half_a_minute(accounts, cloud, account, clock, later):
    accounts.connect(account)
    assert accounts.get("webhook:sales").label == "Sales"
    cloud["ssm"].delete_parameter(Name=f"{PATH}/webhook_3a_sales")
    assert accounts.get("webhook:sales").label == "Sales"
    clock.now += later
    assert len(accounts.all()) == 1


def test_a_version_without_faces_reads_an_account_that_has_one(accounts, cloud, account):
    accounts.connect(account)
    accounts.set_face("webhook:sales", Face(name="Ada"))
    stored = cloud["ssm"].get_parameters_by_path(Path=PATH, Recursive=True, WithDecryption=True)["Parameters"]
    read_as_accounts = [json.loads(each["Value"]) for each in stored if not each["Name"].endswith("/enabled")]
    assert [sorted(each) for each in read_as_accounts] == [
        ["address", "credentials", "deduplicates", "destination", "enabled", "identity", "label", "limits"]
    ]


@pytest.mark.parametrize("content", ["{", '{"destination": 1, "credentials": {"secret": "hunter2"}}'])
def test_a_parameter_that_is_not_an_account_is_named_and_not_quoted(accounts, cloud, content):
    cloud["ssm"].put_parameter(Name=f"{PATH}/webhook_3a_sales", Value=content, Type="SecureString")
    with pytest.raises(ParameterUnreadable, match=f"{PATH}/webhook_3a_sales") as refusal:
        accounts.all()
    assert "hunter2" not in "".join(traceback.format_exception(refusal.value))


@pytest.mark.parametrize(
    ("operation", "use"),
    [
        ("GetParametersByPath", lambda accounts, account: accounts.all()),
        ("PutParameter", lambda accounts, account: accounts.connect(account)),
        ("DeleteParameters", lambda accounts, account: accounts.remove(account.destination)),
    ],
)
def test_an_error_of_aws_is_translated(accounts, account, inject_fault, operation, use):
    inject_fault(operation, "AccessDeniedException", f"You may not {operation} on {PATH}")
    with pytest.raises(AccessDenied, match=operation):
        use(accounts, account)
