"""The APIs of X and LinkedIn for posts with pictures or a video, on a stub server."""

from collections.abc import Callable
from typing import Any

from core.accounts.port import Account
from core.publishing.networks.linkedin.network import LinkedInNetwork
from core.publishing.networks.x.network import XNetwork
from core.time.instants import real_clock
from tests.small_video import small_video

SECRET = "s3cret-0123456789"
VIDEO = small_video(102_424)


class XApi:
    """X, which accepts every upload and every post."""

    VIDEO_ID, PICTURE_ID = "1880028106020515840", "1146654567674912769"
    UPLOAD, DESCRIBE = "POST /2/media/upload", "POST /2/media/metadata"
    INITIALIZE, APPEND = "POST /2/media/upload/initialize", f"POST /2/media/upload/{VIDEO_ID}/append"
    FINALIZE, STATUS = f"POST /2/media/upload/{VIDEO_ID}/finalize", "GET /2/media/upload"
    POST = "POST /2/tweets"

    label = "X"
    account = Account(
        destination="x:ada",
        label="@Ada (X)",
        identity="1",
        credentials={"key": "app-key", "key_secret": SECRET, "token": "user-token", "token_secret": SECRET},
    )

    def __init__(self, stub: Any, pauses: list[float]) -> None:
        self.stub = stub
        self.pauses = pauses
        stub.respond(self.UPLOAD, 200, {"data": {"id": self.PICTURE_ID, "expires_after_secs": 86400}})
        stub.respond(self.DESCRIBE, 200, {"data": {"id": self.PICTURE_ID, "associated_metadata": {}}})
        stub.respond(self.INITIALIZE, 200, self.video())
        stub.respond(self.APPEND, 200, {"data": {"expires_at": 1795507230}})
        stub.respond(self.FINALIZE, 200, self.video("pending", check_after_secs=1))
        stub.respond(self.STATUS, 200, self.video("succeeded", progress_percent=100))
        self.accept_post()

    def accept_post(self) -> None:
        self.stub.respond(self.POST, 201, {"data": {"id": "12", "text": "..."}})

    def network(self, url: str | None = None, sleep: Callable[[float], None] | None = None) -> XNetwork:
        """Return the network at a URL, the stub's if none is given."""
        return XNetwork(real_clock, api=url or self.stub.url, sleep=sleep or self.pauses.append)

    def video(self, state: str | None = None, **info: object) -> dict[str, Any]:
        """Return X's data about the video, with a processing state if there is one."""
        data = {"id": self.VIDEO_ID, "media_key": f"13_{self.VIDEO_ID}", "expires_after_secs": 86400}
        return {"data": data if state is None else {**data, "processing_info": {"state": state, **info}}}


class LinkedInApi:
    """LinkedIn, which accepts every upload and every post."""

    IMAGE_ID, VIDEO_ID = "urn:li:image:C4E10AQFoyyAjHPMQuQ", "urn:li:video:C5F10AQGKQg_6y2a4sQ"
    IMAGE_PATH = "/dms-uploads/sp/v2/C4E10/uploaded-image"
    FIRST_PATH, SECOND_PATH = "/dms-uploads/C5F10/1/uploadedVideo", "/dms-uploads/C5F10/2/uploadedVideo"
    HALF = 50_000
    INITIALIZE_IMAGE, PUT_IMAGE = "POST /rest/images", f"PUT {IMAGE_PATH}"
    VIDEO_ACTION, PUT_FIRST, PUT_SECOND = "POST /rest/videos", f"PUT {FIRST_PATH}", f"PUT {SECOND_PATH}"
    STATUS = "GET /rest/videos/urn%3Ali%3Avideo%3AC5F10AQGKQg_6y2a4sQ"
    POST = "POST /rest/posts"

    label = "LinkedIn"
    account = Account(
        destination="linkedin:abc",
        label="Ada (LinkedIn)",
        identity="urn:li:person:abc",
        credentials={"token": SECRET},
    )

    def __init__(self, stub: Any, pauses: list[float]) -> None:
        self.stub = stub
        self.pauses = pauses
        stub.respond(self.PUT_IMAGE, 201)
        stub.respond(self.PUT_FIRST, 200, ETag='"/ambry-video/1"')
        stub.respond(self.PUT_SECOND, 200, ETag="/ambry-video/2")
        self.set_state("AVAILABLE")
        self.accept_post()

    def accept_post(self) -> None:
        self.stub.respond(self.POST, 201, "<!-- -->", x_restli_id="urn:li:share:7")

    def network(self, url: str | None = None, sleep: Callable[[float], None] | None = None) -> LinkedInNetwork:
        """Return the network at a URL, the stub's if none is given. Uploads go to the same URL."""
        url = url or self.stub.url
        value = {"uploadUrlExpiresAt": 1650567510704, "uploadUrl": f"{url}{self.IMAGE_PATH}?ut=ticket"}
        self.stub.respond(self.INITIALIZE_IMAGE, 200, {"value": {**value, "image": self.IMAGE_ID}})
        self.stub.respond(self.VIDEO_ACTION, 200, self.instructions(url))
        return LinkedInNetwork(real_clock, api=url, sleep=sleep or self.pauses.append)

    def set_state(self, state: str, **members: object) -> None:
        """Set the processing state of the video."""
        data = {"id": self.VIDEO_ID, "owner": "urn:li:person:abc", "status": state, **members}
        self.stub.respond(self.STATUS, 200, data)

    def instructions(self, url: str, *, token: str = "") -> dict[str, Any]:
        """Return LinkedIn's request for the video in two parts."""
        parts = [
            {"uploadUrl": f"{url}{self.FIRST_PATH}?ut=ticket", "firstByte": 0, "lastByte": self.HALF - 1},
            {"uploadUrl": f"{url}{self.SECOND_PATH}?ut=ticket", "firstByte": self.HALF, "lastByte": len(VIDEO) - 1},
        ]
        value = {"uploadUrlsExpireAt": 1650567510704, "video": self.VIDEO_ID, "uploadInstructions": parts}
        return {"value": {**value, "uploadToken": token}}
