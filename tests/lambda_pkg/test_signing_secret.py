"""The cache of the signing secrets, and the forms in which they are stored."""

from datetime import timedelta
from typing import Any

import pytest

from lambda_pkg.signing_secret import SigningSecretCache


class FakeSecretsManager:
    """A Secrets Manager client that records its requests."""

    def __init__(self, **stored: str | bytes) -> None:
        self.stored = stored
        self.requests: list[str] = []

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803
        self.requests.append(SecretId)
        return self.stored


def test_the_secret_is_read_again_after_five_minutes(due):
    secrets_manager = FakeSecretsManager(SecretString="b25l")
    cache = SigningSecretCache("arn", secrets_manager)
    assert cache.read(due) == cache.read(due + timedelta(minutes=4, seconds=59)) == ("whsec_b25l",)
    secrets_manager.stored = {"SecretString": "dHdv"}
    assert cache.read(due + timedelta(minutes=5)) == ("whsec_dHdv",)
    assert secrets_manager.requests == ["arn", "arn"]


def test_a_clock_that_is_set_back_does_not_extend_the_cache(due):
    secrets_manager = FakeSecretsManager(SecretString="b25l")
    cache = SigningSecretCache("arn", secrets_manager)
    cache.read(due)
    cache.read(due - timedelta(days=1))
    assert len(secrets_manager.requests) == 2


@pytest.mark.parametrize("stored", ["b25l dHdv", "whsec_b25l whsec_dHdv", " b25l\nwhsec_dHdv\n"])
def test_two_secrets_may_be_stored_with_or_without_their_prefix(stored, due):
    assert SigningSecretCache("arn", FakeSecretsManager(SecretString=stored)).read(due) == ("whsec_b25l", "whsec_dHdv")


def test_a_secret_may_be_stored_as_bytes(due):
    assert SigningSecretCache("arn", FakeSecretsManager(SecretBinary=b"b25l")).read(due) == ("whsec_b25l",)
