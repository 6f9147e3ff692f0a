"""The calendar feed: the coming and the recent posts under a secret address."""

import hmac
import re
import secrets
from datetime import timedelta

from core.application import Application
from core.storage.home import Home
from core.storage.home_errors import translate_home_errors
from core.storage.private_files import read_private, write_private

BACK, AHEAD = timedelta(days=30), timedelta(days=92)
"""The period of the feed, before and after now."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class FeedToken:
    """The secret of the feed's address, in a file of the home with mode 0600. Without a file, there is no feed."""

    def __init__(self, home: Home) -> None:
        self._path = home.path / "calendar-feed"

    def get(self) -> str | None:
        """Return the token, or None if the feed is off. Raises HomeUnusable."""
        found = read_private(self._path, missing=b"").decode("ascii", errors="replace").strip()
        return found if _TOKEN.fullmatch(found) else None

    def renew(self) -> str:
        """Make a new token, with which the feed is on; the address before is invalid from now on."""
        token = secrets.token_urlsafe(32)
        write_private(self._path, token)
        return token

    def remove(self) -> None:
        """Switch the feed off."""
        with translate_home_errors(self._path):
            self._path.unlink(missing_ok=True)

    def matches(self, token: str) -> bool:
        """Return whether the feed is on and has this token. Takes as long for any wrong one."""
        own = self.get()
        return own is not None and hmac.compare_digest(own.encode(), token.encode())


def feed(application: Application, address: str | None) -> bytes:
    """Return the feed, with links to the dashboard at an address."""
    from core.bulk.ics_export import ics_file, record_of  # here, because a server without a feed needs no icalendar

    now = application.clock()
    minute = now.replace(second=0, microsecond=0)  # so that readers within a minute share one look at the queue
    window = application.views.calendar(minute - BACK, minute + AHEAD, ())
    found = [record_of(each) for each in window.entries if each.post or each.run]
    return ics_file(found, name="Punctual", now=now, address=address)
