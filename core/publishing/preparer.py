"""The preparer: uploads the pictures and videos of an occurrence to its networks before it is due."""

import logging
from collections.abc import Mapping
from functools import partial

from core.accounts.port import OUTBOX, Account, Accounts
from core.errors import PunctualError
from core.media.port import MediaStore
from core.posts.destinations import Destination
from core.posts.part_media import media_for, parts_of
from core.posts.payload import Payload
from core.publishing.attachments import load_attachments
from core.publishing.daemon_threads import map_in_threads
from core.publishing.link_cards.attached_card import attached_card
from core.publishing.network import Network, Publication, UploadsFirst
from core.publishing.options import declared_values

log = logging.getLogger(__name__)

CONCURRENT_ACCOUNTS = 8
"""The most accounts to which `prepare` uploads at the same time."""


class Preparer:
    """Uploads ahead. An upload publishes nothing and needs no claim, so a repetition or a failure is harmless.

    The network keeps what is uploaded for the publication (`upload_memory`), and sends the rest when the post is due.
    For a network that takes the media with the post, the pictures are fitted to its limits (`fitted_pictures`).
    """

    def __init__(self, accounts: Accounts, networks: Mapping[str, Network], media: MediaStore) -> None:
        self._accounts = accounts
        self._networks = networks
        self._media = media

    def prepare(self, payload: Payload) -> dict[Destination, bool]:
        """Upload the media of an occurrence to all of its accounts; return whether each one needs no further upload.

        Never raises.
        """
        if not payload.files:
            return dict.fromkeys(payload.accounts, True)
        ended = map_in_threads(partial(self.upload, payload), payload.accounts, threads=CONCURRENT_ACCOUNTS)
        return dict(zip(payload.accounts, ended, strict=True))

    def upload(self, payload: Payload, destination: Destination) -> bool:
        """Upload the media of an occurrence to one account; return whether it needs no further upload. Never raises."""
        try:
            account = OUTBOX if destination == OUTBOX.destination else self._accounts.get(destination)
            network = self._networks.get(account.network)
            if account.enabled and network is not None:
                for part in parts_of(payload, account.destination):
                    publication = self._publication(payload, part, account, network)
                    if publication.uploads and isinstance(network, UploadsFirst):
                        network.upload(publication)
        except PunctualError as error:
            log.info("%s to %s was not uploaded ahead: %s", payload.occurrence_key, destination, error)
            return False
        except Exception:  # noqa: BLE001 - a bug of one network must not end the uploads of others
            log.exception("%s to %s was not uploaded ahead", payload.occurrence_key, destination)
            return False
        return True

    def _publication(self, payload: Payload, part: Destination, account: Account, network: Network) -> Publication:
        media, limits = media_for(payload, part), network.media_limits(account)
        return Publication(
            occurrence_key=payload.key_of_part(part.part),
            post_id=payload.post_id,
            account=account,
            part=part.part,
            text=payload.text_for(part),
            due_at=payload.due,
            media=load_attachments(media, self._media, limits, network.label) if media else (),
            card=attached_card(payload, part, network, self._media),
            options=declared_values(payload.options.get(account.destination, {}), network.options),
        )
