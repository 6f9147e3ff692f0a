"""Pictures on Bluesky: uploaded to the account's server first, then named in the record by what they contain."""

from collections.abc import Sequence
from typing import Any

from core.errors import PunctualError
from core.pictures import PictureLimits
from core.publishing.answers import AGAIN
from core.publishing.attachments import Attachment, CannotAttach, MediaLimits
from core.publishing.exchange import Fault, Line
from core.publishing.pds import Login, Sessions, TurnedDown

LIMITS = MediaLimits(
    pictures=PictureLimits(count=4, max_bytes=2_000_000, total_bytes=6_000_000, max_side=2000, alt=3000)
)
"""Of app.bsky.embed.images, as a server was seen to hold to it; together what can be uploaded in time."""
UPLOADING_SECONDS = 15.0
"""For all pictures of a post. The claim's lease has not begun by then, but the relay waits."""


class NotUploaded(PunctualError):
    """A picture could not be given to the account's server for now."""

    hint = "It is tried again."

    def __init__(self, why: str) -> None:
        super().__init__(f"A picture was not uploaded: {why}")


class Images:
    """Uploads pictures. One that is there already stays as it is, so every attempt may upload it anew."""

    def __init__(self, name: str, sessions: Sessions) -> None:
        self._name = name
        self._sessions = sessions

    def embed(self, login: Login, media: Sequence[Attachment]) -> dict[str, Any]:
        """Return how a record shows these pictures, uploaded by then.

        Raises CannotAttach where the server will not have one, NotUploaded where it is to be tried again.
        """
        line = Line(self._name, secrets=[login.password], seconds=UPLOADING_SECONDS)
        return {"$type": "app.bsky.embed.images", "images": [self._image(line, login, each) for each in media]}

    def _image(self, line: Line, login: Login, attachment: Attachment) -> dict[str, Any]:
        shape = {"width": attachment.width, "height": attachment.height}
        return {"alt": attachment.alt, "image": self._blob(line, login, attachment), "aspectRatio": shape}

    def _blob(self, line: Line, login: Login, attachment: Attachment) -> dict[str, Any]:
        try:
            answer = self._sessions.upload(line, login, attachment.content, attachment.content_type)
        except TurnedDown as refusal:
            answer = refusal.answer
        except Fault as fault:
            raise NotUploaded(str(fault)) from None
        blob = answer.members.get("blob")
        if answer.ok and isinstance(blob, dict):
            return blob
        said = f"{self._name} answered {answer.status} to a picture: {answer.words.rstrip('.')}."
        if answer.ok or answer.status in (408, 425, 429) or answer.status >= 500:
            raise NotUploaded(said)
        raise CannotAttach(said, AGAIN if answer.status == 401 else "Attach another one, then retry.")
