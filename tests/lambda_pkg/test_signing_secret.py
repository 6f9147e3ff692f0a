"""How often the signing secret is read, and in what forms it is kept."""

from datetime import timedelta
from typing import Any

import pytest

from lambda_pkg.signing_secret import SigningSecretCache


class Vault:
    """A Secrets Manager that counts how often it is asked."""

    def __init__(self, stored: str) -> None:
        self.stored = stored
        self.asked: list[str] = []

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append(SecretId)
        return {"SecretString": self.stored}


def test_a_secret_is_read_again_after_five_minutes(due):
    vault = Vault("b25l")
    signing_secret = SigningSecretCache("arn", vault)
    assert signing_secret.read(due) == signing_secret.read(due + timedelta(minutes=4, seconds=59)) == ("whsec_b25l",)
    vault.stored = "dHdv"
    assert signing_secret.read(due + timedelta(minutes=5)) == ("whsec_dHdv",)
    assert vault.asked == ["arn", "arn"]


def test_a_clock_set_back_does_not_keep_an_old_secret_alive(due):
    vault = Vault("b25l")
    signing_secret = SigningSecretCache("arn", vault)
    signing_secret.read(due)
    signing_secret.read(due - timedelta(days=1))
    assert len(vault.asked) == 2


@pytest.mark.parametrize("stored", ["b25l dHdv", "whsec_b25l whsec_dHdv", " b25l\nwhsec_dHdv\n"])
def test_two_secrets_stand_side_by_side_with_or_without_their_prefix(stored, due):
    assert SigningSecretCache("arn", Vault(stored)).at(due) == ("whsec_b25l", "whsec_dHdv")


def test_a_secret_that_is_stored_as_bytes_is_read_as_well(due):
    vault = Vault("")
    vault.get_secret_value = lambda SecretId: {"SecretBinary": b"b25l"}  # noqa: N803
    assert SigningSecretCache("arn", vault).at(due) == ("whsec_b25l",)
