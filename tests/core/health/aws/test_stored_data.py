"""The health checks of the data on AWS."""


def test_a_deleted_table_is_bad(check, deployed):
    deployed["dynamodb"].delete_table(TableName="ledger")
    assert check("Ledger table").message == "There is no table ledger."


def test_the_media_bucket_is_named_and_a_deleted_one_is_bad(open_application, deployed, replies, server, check_of):
    deployed["s3"].create_bucket(Bucket="pictures")
    application = open_application(PUNCTUAL_MEDIA_BUCKET="pictures")
    assert check_of(application, "Media").message == "Pictures and videos are stored in pictures."
    deployed["s3"].delete_bucket(Bucket="pictures")
    assert check_of(application, "Media").message == "There is no bucket pictures."


def test_an_invalid_signing_secret_is_bad_and_not_shown(check, deployed):
    deployed["secretsmanager"].put_secret_value(
        SecretId=deployed.outputs["SigningSecretArn"], SecretString="not base64!"
    )
    assert check("Signing secret").status == "bad"
    assert "base64!" not in check("Signing secret").message
