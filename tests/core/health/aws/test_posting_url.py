"""The posting server as the relay would reach it."""

import json

import pytest


@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.1.7", "127.0.0.1", "169.254.1.1", "fe80::1%eth0", "fd00::1"])
def test_a_posting_server_that_lambda_cannot_reach_is_bad(look, server, address):
    server.address = address
    assert look("Posting URL").status == "bad"
    assert "which Lambda cannot reach" in look("Posting URL").message


@pytest.mark.parametrize("url", ["", "http://posts.example.org/publish", "http://127.0.0.1:8501/publish"])
def test_a_relay_without_a_usable_posting_url_is_bad(look, deployed, url):
    deployed["lambda"].update_function_configuration(
        FunctionName="relay", Environment={"Variables": {"POSTING_URL": url}}
    )
    assert look("Posting URL").status == "bad"


def test_a_host_that_can_be_no_name_is_bad(look, deployed):
    deployed["lambda"].update_function_configuration(
        FunctionName="relay", Environment={"Variables": {"POSTING_URL": "https://posts..example.org/publish"}}
    )
    assert look("Posting URL").message == "No address is found for posts..example.org."


def test_a_server_that_does_not_answer_is_unknown_from_here(look, server):
    server.down = True
    check = look("Signature")
    assert check.status == "unknown"
    assert "posts.example.org does not answer from here" in check.message


@pytest.mark.parametrize(
    ("status", "finding"),
    [(401, "refuses our signature"), (404, "Nothing is published"), (502, "answers 502"), (302, "answers 302")],
)
def test_a_server_that_does_not_take_our_signature_is_bad(look, server, status, message):
    server.status = status
    assert look("Signature").status == "bad"
    assert message in look("Signature").message


def test_a_server_that_takes_any_signature_is_told(look, server):
    server.status = 200
    assert look("Signature").status == "warning"


@pytest.mark.parametrize("busy", [429, 503])
def test_a_server_that_is_too_busy_to_refuse_a_forged_signature_is_not_said_to_take_it(look, server, busy):
    server.status_of_forged = busy
    check = look("Signature")
    assert check.status == "unknown"
    assert f"It takes our signature; a forged one it answered with {busy}" in check.message


def test_a_server_that_is_too_busy_is_looked_at_again_later(look, server):
    server.status = 429
    check = look("Signature")
    assert (check.status, check.remedy) == ("unknown", "Look again in a minute.")


def test_without_a_usable_secret_nothing_is_said_of_the_server(look, server, deployed):
    deployed["secretsmanager"].put_secret_value(SecretId=deployed.outputs["SigningSecretArn"], SecretString="no key!")
    check = look("Signature")
    assert (check.status, check.remedy) == ("unknown", "See the check of the signing secret.")
    assert server.bodies == []


def test_a_secret_that_the_server_does_not_share_is_bad(look, server):
    server.secrets = ["whsec_" + "B" * 44]
    assert "refuses our signature" in look("Signature").message


def test_what_the_test_request_holds_is_no_post(look, server):
    look("Signature")
    assert server.bodies
    assert not any("destinations" in json.loads(body) for body in server.bodies)
