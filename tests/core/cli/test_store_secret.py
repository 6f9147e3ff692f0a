"""`python -m core store-secret` on a deployment in moto."""

import io
import json

import pytest

from core.cli.main import main
from core.storage.home import Home
from lambda_pkg.signing_secret import SigningSecretCache
from tests.core.cloud import SECRET_PARAMETER


@pytest.fixture
def store_secret(cloud, application_session, tmp_path, monkeypatch):
    """Run the command on a home with these settings; return its exit status, output and errors."""
    monkeypatch.setattr("core.cli.store_secret.boto3.Session", lambda: application_session)

    def run(*options, home=tmp_path / "home", **variables):
        monkeypatch.setenv("PUNCTUAL_HOME", str(home))
        monkeypatch.setenv("PUNCTUAL_STACK", "Punctual")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        out, err = io.StringIO(), io.StringIO()
        return main(["store-secret", *options], lambda: pytest.fail("it opens no application"), out, err), out, err

    return run


@pytest.fixture
def stored(cloud, clock):
    """Return the secrets that the relay reads."""
    return lambda: SigningSecretCache(SECRET_PARAMETER, cloud["ssm"]).read(clock())


@pytest.mark.usefixtures("small_deployed")
def test_the_relay_then_reads_the_secret_of_the_home(store_secret, stored, tmp_path, cloud):
    status, out, err = store_secret()
    assert (status, err.getvalue()) == (0, "")
    assert stored() == Home(tmp_path / "home").signing_secrets(None)
    [described] = cloud["ssm"].describe_parameters()["Parameters"]
    assert described["Type"] == "SecureString"
    assert out.getvalue().startswith(f"Stored 1 signing secret as {SECRET_PARAMETER} in us-east-1.\n")
    assert f"copy the file {tmp_path / 'home' / 'signing-secret'} into its home" in out.getvalue()


@pytest.mark.usefixtures("small_deployed")
def test_the_value_is_printed_nowhere(store_secret, stored, cloud):
    _, out, _ = store_secret()
    [secret] = stored()
    described = json.dumps(cloud["ssm"].describe_parameters()["Parameters"], default=str)
    assert secret.removeprefix("whsec_") not in out.getvalue() + described


@pytest.mark.usefixtures("small_deployed")
def test_another_home_replaces_the_secret_and_the_command_says_so(store_secret, stored, tmp_path):
    store_secret()
    _, out, _ = store_secret(home=tmp_path / "other")
    assert stored() == Home(tmp_path / "other").signing_secrets(None)
    assert "It replaced the secret of another home. That home's posting server now refuses the posts" in out.getvalue()


@pytest.mark.usefixtures("small_deployed")
def test_the_same_secret_and_a_rotation_replace_no_secret_of_another_home(store_secret):
    for secrets in ("whsec_QUJD", "whsec_QUJD", "whsec_QUJD whsec_REVG", "whsec_REVG"):
        _, out, _ = store_secret(PUNCTUAL_SIGNING_SECRET=secrets)
        assert "replaced" not in out.getvalue()


@pytest.mark.usefixtures("small_deployed")
def test_both_secrets_of_a_rotation_are_stored(store_secret, stored):
    _, out, _ = store_secret("--json", PUNCTUAL_SIGNING_SECRET="whsec_QUJD whsec_REVG")
    assert stored() == ("whsec_QUJD", "whsec_REVG")
    assert json.loads(out.getvalue()) == {"parameter": SECRET_PARAMETER, "region": "us-east-1", "secrets": 2}


def test_without_the_stack_the_error_names_it_and_the_remedy(store_secret):
    status, _, err = store_secret()
    assert (status, err.getvalue().splitlines()[0]) == (1, "There is no stack Punctual in us-east-1.")
    assert "Deploy it" in err.getvalue()


def test_a_deployment_of_an_earlier_release_is_to_be_deployed_again(store_secret, cloud):
    arns = {"RelayFunctionArn": f"arn:aws:lambda:us-east-1:{'1' * 12}:function:relay"}
    cloud.deploy_stack(**arns, ExecutionRoleArn=f"arn:aws:iam::{'1' * 12}:role/scheduler")
    status, _, err = store_secret()
    assert status == 1
    assert "names no parameter for the signing secret.\nDeploy the stack" in err.getvalue()


@pytest.mark.usefixtures("small_deployed")
def test_without_the_permission_the_error_names_it(store_secret, inject_fault):
    inject_fault("PutParameter", "AccessDeniedException", "User ada is not authorized to perform: ssm:PutParameter")
    status, _, err = store_secret()
    assert status == 1
    assert "not authorized to perform: ssm:PutParameter\nRun the command with the credentials" in err.getvalue()


@pytest.mark.usefixtures("small_deployed")
def test_a_damaged_secret_is_not_stored(store_secret, tmp_path, cloud):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "signing-secret").write_text("no key!")
    status, _, err = store_secret()
    assert (status, "no key!" in err.getvalue(), cloud["ssm"].describe_parameters()["Parameters"]) == (1, False, [])
