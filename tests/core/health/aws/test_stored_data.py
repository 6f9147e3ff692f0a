"""The health checks of the data on AWS."""

from core.backends.stored_secret import store_secrets
from core.ledger.port import Receipt
from core.storage.home import new_signing_secret
from tests.core.cloud import SECRET_PARAMETER


def test_a_deleted_table_is_bad(check, deployed):
    deployed["dynamodb"].delete_table(TableName="ledger")
    assert check("Ledger table").message == "There is no table ledger."


def test_the_media_bucket_is_named_and_a_deleted_one_is_bad(open_application, deployed, replies, server, check_of):
    deployed["s3"].create_bucket(Bucket="pictures")
    application = open_application(PUNCTUAL_MEDIA_BUCKET="pictures")
    assert check_of(application, "Media").message == "Pictures and videos are stored in pictures."
    deployed["s3"].delete_bucket(Bucket="pictures")
    assert check_of(application, "Media").message == "There is no bucket pictures."


def test_an_invalid_signing_secret_is_bad_and_not_shown(check, application):
    (application.home.path / "signing-secret").write_text("not base64!")
    assert check("Signing secret").status == "bad"
    assert "base64!" not in check("Signing secret").message


def test_a_secret_that_is_not_stored_is_bad_and_the_remedy_is_the_command(check, deployed):
    deployed["ssm"].delete_parameter(Name=SECRET_PARAMETER)
    result = check("Signing secret")
    assert result.status == "bad"
    assert result.message.startswith(f"The signing secret {SECRET_PARAMETER} is not stored")
    assert result.remedy == "Run python -m core store-secret."


def test_the_secret_of_another_home_is_a_warning(check, application, deployed):
    store_secrets(deployed["ssm"], SECRET_PARAMETER, [new_signing_secret()])
    assert check("Signing secret").status == "warning"
    store_secrets(deployed["ssm"], SECRET_PARAMETER, application.signing_secrets())
    assert check("Signing secret").message == f"Present: 1 secret, stored in {SECRET_PARAMETER}."


def test_a_secret_stored_by_hand_is_not_compared(check, deployed):
    deployed["ssm"].put_parameter(Name=SECRET_PARAMETER, Value="whsec_QUJD", Type="SecureString", Overwrite=True)
    deployed["ssm"].delete_parameter(Name=SECRET_PARAMETER)
    deployed["ssm"].put_parameter(Name=SECRET_PARAMETER, Value="whsec_QUJD", Type="SecureString")
    assert check("Signing secret").status == "good"


def test_where_the_parameter_cannot_be_read_the_relays_report_counts(
    check, application, inject_fault, a_post, payload_for, clock
):
    inject_fault("DescribeParameters", "AccessDeniedException", "User ada is not authorized")
    assert check("Signing secret").status == "unknown"
    reason = f"The signing secret {SECRET_PARAMETER} is not stored. Run make deploy, or python -m core store-secret."
    receipt = Receipt(kind="attempt_failed", at=clock(), revision=1, detail={"reason": reason})
    application.ledger.record(payload_for(a_post()), receipt)
    result = check("Signing secret")
    assert (result.status, result.remedy) == ("bad", "Run python -m core store-secret.")
