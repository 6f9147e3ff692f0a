"""What is kept on AWS."""

from core.health.checks import run_checks


def test_a_deleted_table_is_bad(look, deployed):
    deployed["dynamodb"].delete_table(TableName="ledger")
    assert look("Ledger's table").message == "There is no table ledger."


def test_pictures_tell_where_they_are_kept(opened, deployed, told, server, clock):
    deployed["s3"].create_bucket(Bucket="pictures")
    application = opened(PUNCTUAL_MEDIA_BUCKET="pictures")
    checks = {check.name: check for check in run_checks(application, clock())}
    assert checks["Pictures"].message == "Pictures are kept in pictures."
    deployed["s3"].delete_bucket(Bucket="pictures")
    checks = {check.name: check for check in run_checks(application, clock())}
    assert checks["Pictures"].message == "There is no bucket pictures."


def test_a_secret_that_is_no_key_is_bad(look, deployed):
    deployed["secretsmanager"].put_secret_value(
        SecretId=deployed.outputs["SigningSecretArn"], SecretString="not base64!"
    )
    assert look("Signing secret").status == "bad"
    assert "base64!" not in look("Signing secret").message
