"""The cache of the signing secrets, and the forms in which they are stored."""

from datetime import timedelta
from typing import Any

import pytest

from lambda_pkg.signing_secret import SigningSecretCache

NAME = "/Punctual/signing-secret"


class FakeParameterStore:
    """An SSM client that records its requests."""

    def __init__(self, stored: str) -> None:
        self.stored = stored
        self.requests: list[tuple[str, bool]] = []

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        self.requests.append((Name, WithDecryption))
        return {"Parameter": {"Name": Name, "Value": self.stored}}


def test_the_secret_is_read_decrypted_and_again_after_five_minutes(due):
    ssm = FakeParameterStore("whsec_b25l")
    cache = SigningSecretCache(NAME, ssm)
    assert cache.read(due) == cache.read(due + timedelta(minutes=4, seconds=59)) == ("whsec_b25l",)
    ssm.stored = "whsec_dHdv"
    assert cache.read(due + timedelta(minutes=5)) == ("whsec_dHdv",)
    assert ssm.requests == [(NAME, True)] * 2


def test_a_clock_that_is_set_back_does_not_extend_the_cache(due):
    ssm = FakeParameterStore("whsec_b25l")
    cache = SigningSecretCache(NAME, ssm)
    cache.read(due)
    cache.read(due - timedelta(days=1))
    assert len(ssm.requests) == 2


@pytest.mark.parametrize("stored", ["b25l dHdv", "whsec_b25l whsec_dHdv", " b25l\nwhsec_dHdv\n"])
def test_two_secrets_may_be_stored_with_or_without_their_prefix(stored, due):
    assert SigningSecretCache(NAME, FakeParameterStore(stored)).read(due) == ("whsec_b25l", "whsec_dHdv")
