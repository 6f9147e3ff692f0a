"""The signing secrets that the deployed functions read: one SecureString in Parameter Store, written by this home."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.aws_errors import translate_aws_errors

_LABEL = "fingerprints:"
_FINGERPRINT_LENGTH = 8
"""Hexadecimal digits: enough to tell secrets apart, and too few to guess one by."""


@dataclass(frozen=True, kw_only=True)
class StoredSecret:
    """What AWS tells about the parameter without its value. Secrets stored by hand have no fingerprints."""

    fingerprints: frozenset[str]


def store_secrets(ssm: Any, name: str, secrets: Sequence[str]) -> bool:
    """Store the secrets under a name, and return whether none of them was stored there, but others were.

    Raises the errors of core.aws_errors.
    """
    earlier, found = read_stored(ssm, name), fingerprints(secrets)
    with translate_aws_errors():
        ssm.put_parameter(
            Name=name,
            Description=f"Signs the requests of Punctual's relay; {_LABEL} {' '.join(sorted(found))}",
            Value=" ".join(secrets),
            Type="SecureString",
            Overwrite=True,
        )
    return earlier is not None and found.isdisjoint(earlier.fingerprints)


def read_stored(ssm: Any, name: str) -> StoredSecret | None:
    """Return what is stored under a name, or None if nothing is. Raises the errors of core.aws_errors."""
    named = {"Key": "Name", "Option": "Equals", "Values": [name]}
    with translate_aws_errors():
        found = ssm.describe_parameters(ParameterFilters=[named])["Parameters"]
    if not found:
        return None
    written = found[0].get("Description", "").partition(_LABEL)[2].split()
    return StoredSecret(fingerprints=frozenset(written))


def fingerprints(secrets: Sequence[str]) -> frozenset[str]:
    """Return a short hash of each secret, which identifies it and does not reveal it."""
    return frozenset(
        hmac.new(secret.encode(), b"fingerprint", hashlib.sha256).hexdigest()[:_FINGERPRINT_LENGTH]
        for secret in secrets
    )
