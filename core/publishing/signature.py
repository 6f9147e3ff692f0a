"""Proof that a request comes from a relay of ours: Standard Webhooks signatures."""

import binascii
from collections.abc import Mapping, Sequence

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

from core.errors import PunctualError


class Forged(PunctualError):
    """A request is not signed with an active secret, or was signed too long ago."""

    hint = "Give the relay and the posting server the same signing secret, and check both clocks."

    def __init__(self, reason: str) -> None:
        super().__init__(f"The signature is not valid: {reason}.")


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Check the signature of a raw body against every active secret, within 5 minutes. Raises Forged."""
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
    raise Forged(reason)
