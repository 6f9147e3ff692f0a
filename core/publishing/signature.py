"""Verifies the signatures of the relay (Standard Webhooks)."""

import binascii
from collections.abc import Mapping, Sequence

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from core.errors import PunctualError


class InvalidSignature(PunctualError):
    """The request has no valid signature of an active secret, or its timestamp is out of tolerance."""

    hint = "Give the relay and the posting server the same signing secret, and check both clocks."

    def __init__(self, reason: str) -> None:
        super().__init__(f"The signature is not valid: {reason}.")


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Verify the signature of a raw body with any of the active secrets, with a tolerance of 5 minutes.

    Raises InvalidSignature.
    """
    reason = "no secret is set"
    for secret in secrets:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, EmptyWebhookSecretError) as error:
            reason = str(error)
        except (binascii.Error, ValueError) as error:
            reason = f"it cannot be read ({type(error).__name__})"
        else:
            return
    raise InvalidSignature(reason)
