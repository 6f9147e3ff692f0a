"""The posting server as a function: what is deployed is looked at in tests/cdk_min."""

from core.health.checks import run_checks


def test_a_dashboard_that_keeps_pictures_and_accounts_to_itself_is_told(
    opened, deployed, posting_function, told, server, clock
):
    outputs = deployed.outputs
    variables = {
        "TABLE_NAME": outputs["TableName"],
        "SIGNING_SECRET_ARN": outputs["SigningSecretArn"],
        "MEDIA_BUCKET": "pictures",
        "ACCOUNTS_PATH": "/accounts",
    }
    deployed["lambda"].update_function_configuration(
        FunctionName=posting_function, Environment={"Variables": variables}
    )
    application = opened(PUNCTUAL_POSTING_FUNCTION_ARN=posting_function)
    [check] = [each for each in run_checks(application, clock()) if each.name == "Posting function"]
    assert check.status == "bad"
    assert check.message.startswith("It was told of another MEDIA_BUCKET and ACCOUNTS_PATH than this dashboard")
    assert "PUNCTUAL_STACK" in check.remedy


def test_a_deployment_without_one_needs_none(look):
    assert look("Posting function").message == "None in this stack: the relay posts to another server."
