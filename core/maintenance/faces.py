"""Faces: the display names, handles and avatars of accounts, asked from their networks."""

import logging
from collections.abc import Mapping

from core.accounts.port import Account, Accounts, Face
from core.errors import PunctualError
from core.media.port import MediaStore
from core.publishing.avatars import Avatars
from core.publishing.network import Network
from core.publishing.profile import HasProfiles

log = logging.getLogger(__name__)


class Faces:
    """Renews how accounts are shown. An account without a face works as well, so no failure here reaches a person."""

    def __init__(
        self, accounts: Accounts, networks: Mapping[str, Network], media: MediaStore, avatars: Avatars | None = None
    ) -> None:
        self._accounts = accounts
        self._networks = networks
        self._media = media
        self._avatars = avatars or Avatars()

    def renew(self, account: Account) -> None:
        """Ask the network for the profile of an account, and store it with its avatar. Never raises.

        A profile that cannot be read changes nothing, and an avatar that cannot be read leaves the one before.
        """
        network = self._networks[account.network]
        if not isinstance(network, HasProfiles):
            return
        try:
            profile = network.profile(account)
            face = Face(name=profile.name, handle=profile.handle, avatar=account.avatar)
            try:
                content = self._avatars.small(profile, account.address)
                face = face.model_copy(update={"avatar": None if content is None else self._media.put(content)})
            except PunctualError as error:
                log.info("The avatar of %s was not read: %s", account.destination, type(error).__name__)
            if face != account.face:
                self._accounts.set_face(account.destination, face)
        except PunctualError as error:
            log.info("The profile of %s was not read: %s", account.destination, error)
        except Exception:  # noqa: BLE001 - a bug in one profile must not end the checks
            log.exception("The face of %s was not renewed", account.destination)
