"""The health checks of the posting URL and its signature."""

import json

import pytest


@pytest.fixture
def set_posting_url(deployed):
    """Return a function that sets the relay's posting URL."""
    return lambda url: deployed["lambda"].update_function_configuration(
        FunctionName="relay", Environment={"Variables": {"POSTING_URL": url}}
    )


@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.1.7", "127.0.0.1", "169.254.1.1", "fe80::1%eth0", "fd00::1"])
def test_a_private_address_is_bad(check, server, address):
    server.address = address
    assert check("Posting URL").status == "bad"
    assert "which Lambda cannot reach" in check("Posting URL").message


@pytest.mark.parametrize("url", ["", "http://posts.example.org/publish", "http://127.0.0.1:8501/publish"])
def test_a_missing_or_forbidden_posting_url_is_bad(check, set_posting_url, url):
    set_posting_url(url)
    assert check("Posting URL").status == "bad"


def test_an_invalid_host_name_is_bad(check, set_posting_url):
    set_posting_url("https://posts..example.org/publish")
    assert check("Posting URL").message == "The name posts..example.org does not resolve."


def test_a_server_that_does_not_answer_is_unknown(check, server):
    server.down = True
    result = check("Signature")
    assert result.status == "unknown"
    assert "posts.example.org does not answer from here" in result.message


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "rejects the signature"), (404, "no such path"), (502, "answers 502"), (302, "answers 302")],
)
def test_a_server_that_does_not_accept_the_signature_is_bad(check, server, status, message):
    server.status = status
    assert check("Signature").status == "bad"
    assert message in check("Signature").message


def test_a_server_that_accepts_any_signature_is_a_warning(check, server):
    server.status = 200
    assert check("Signature").status == "warning"


@pytest.mark.parametrize("busy", [429, 503])
def test_a_server_too_busy_to_reject_a_forged_signature_is_unknown(check, server, busy):
    server.status_of_forged = busy
    result = check("Signature")
    assert result.status == "unknown"
    assert f"The server accepts the signature; it answers {busy} to a forged one." in result.message


def test_a_busy_server_is_unknown_and_the_remedy_is_another_check(check, server):
    server.status = 429
    result = check("Signature")
    assert (result.status, result.remedy) == ("unknown", "Check again in a minute.")


def test_without_a_usable_secret_no_request_is_sent(check, server, application):
    (application.home.path / "signing-secret").write_text("no key!")
    result = check("Signature")
    assert (result.status, result.remedy) == ("unknown", "See the check of the signing secret.")
    assert server.bodies == []


def test_a_server_with_another_secret_is_bad(check, server):
    server.secrets = ["whsec_" + "B" * 44]
    assert "rejects the signature" in check("Signature").message


def test_the_test_request_holds_no_post(check, server):
    check("Signature")
    assert server.bodies
    assert not any("destinations" in json.loads(body) for body in server.bodies)
