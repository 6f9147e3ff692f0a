"""The health check of the posting function; tests/cdk_min checks the deployed function."""


def test_a_dashboard_with_its_own_media_and_accounts_is_bad(
    open_application, deployed, posting_function, replies, server, check_of
):
    outputs = deployed.outputs
    variables = {
        "TABLE_NAME": outputs["TableName"],
        "SIGNING_SECRET_PARAMETER": outputs["SigningSecretParameter"],
        "MEDIA_BUCKET": "pictures",
        "ACCOUNTS_PATH": "/accounts",
    }
    deployed["lambda"].update_function_configuration(
        FunctionName=posting_function, Environment={"Variables": variables}
    )
    result = check_of(open_application(PUNCTUAL_POSTING_FUNCTION_ARN=posting_function), "Posting function")
    assert result.status == "bad"
    assert result.message.startswith("Its MEDIA_BUCKET and ACCOUNTS_PATH differ from this dashboard's")
    assert "PUNCTUAL_STACK" in result.remedy


def test_a_deployment_without_a_posting_function_is_good(check):
    assert check("Posting function").message == "None in this stack: the relay posts to another server."


def test_a_function_of_an_earlier_release_is_bad_and_the_remedy_is_to_deploy(
    open_application, deployed, posting_function, replies, server, check_of
):
    outputs = deployed.outputs
    variables = {
        "TABLE_NAME": outputs["TableName"],
        "SIGNING_SECRET_PARAMETER": outputs["SigningSecretParameter"],
        "MEDIA_BUCKET": "pictures",
        "ACCOUNTS_PATH": "/accounts",
        "PAYLOAD_MEMBERS": "exceptions",
    }
    functions = deployed["lambda"]
    functions.update_function_configuration(FunctionName=posting_function, Environment={"Variables": variables})
    own = {f"PUNCTUAL_{name}": variables[name] for name in ("MEDIA_BUCKET", "ACCOUNTS_PATH")}
    result = check_of(open_application(PUNCTUAL_POSTING_FUNCTION_ARN=posting_function, **own), "Posting function")
    assert result.status == "bad"
    assert "older than this program" in result.message
    assert "labels" in result.message
    assert "skipped runs or of" not in result.message
    assert "Deploy the stack again" in result.remedy
