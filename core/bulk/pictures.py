"""The pictures and videos of a table: files given with it, and files at public addresses.

They are held beside the media store until their posts are scheduled, so that a dry run stores nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import Lock
from weakref import finalize

from core.bulk.reading import MAX_ROWS
from core.errors import PunctualError, shortage_of
from core.media.content import Content, FileContent
from core.media.folder import FolderMedia
from core.media.intake import MAX_VIDEO_BYTES, ingest
from core.media.port import MediaStore
from core.posts.models import ALT_LIMIT, MEDIA_LIMIT, LinkCard, Media, MediaReference
from core.publishing.http.public_web import PublicWeb
from core.publishing.link_cards.cards import LinkCards
from core.publishing.link_cards.fetching import fetch_card
from core.time.instants import real_clock

CARD_THREADS = 8
"""Pages that are read for link cards at the same time."""
MAX_HELD_BYTES = 2_000_000_000
"""The most bytes of pictures and videos of one file."""


class NoSuchPicture(PunctualError):
    """A row names a file that was not given."""

    hint = "Choose the picture together with the table, or write its address."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no file {name!r}.")


class UnreadablePicture(PunctualError):
    """A file that a row names cannot be read."""

    hint = "Check your permissions for it."

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The file {name!r} cannot be read: {reason}.")


class TooManyPictures(PunctualError):
    """A row names more pictures than a post can have."""

    hint = "Name fewer pictures."

    def __init__(self, count: int) -> None:
        super().__init__(f"The row names {count} pictures; a post has at most {MEDIA_LIMIT}.")


class AltTooLong(PunctualError):
    """An alternative text exceeds ALT_LIMIT."""

    hint = "Shorten it."

    def __init__(self, length: int) -> None:
        super().__init__(f"An alternative text has {length:,} characters; at most {ALT_LIMIT:,} are kept.")


class PicturesTooLarge(PunctualError):
    """The pictures of one table exceed MAX_HELD_BYTES."""

    hint = "Split the table into several files."

    def __init__(self) -> None:
        super().__init__(f"The pictures have more than {MAX_HELD_BYTES // 10**9} GB together.")


class Pictures:
    """The pictures of one table. Any thread may use it. Each file is read once, and its errors are kept too."""

    def __init__(
        self,
        files: Mapping[str, Callable[[], Content]] | None = None,
        get: Callable[[str], Content] | None = None,
        fetch: Callable[[str, MediaStore], LinkCard] | None = None,
    ) -> None:
        """`files` reads the files by name, in any case. `get` reads a public address.

        `fetch` makes the card of a link, and puts its picture into a store.
        """
        self._fetch = fetch or _fetch
        self._files = {name.casefold(): read for name, read in (files or {}).items()}
        self._get = get or partial(PublicWeb().file, max_bytes=MAX_VIDEO_BYTES)
        self._held: FolderMedia | None = None
        self._delete: Callable[[], object] = lambda: None
        self._found: dict[str, Media | PunctualError] = {}
        self._reading: dict[str, Lock] = {}
        self._bytes = 0
        self._lock = Lock()

    def media(self, names: Sequence[str], alts: Sequence[str]) -> tuple[Media, ...]:
        """Return the pictures with these names or addresses, each with its alternative text.

        Raises NoSuchPicture, UnreadablePicture, TooManyPictures, AltTooLong, PicturesTooLarge, and the errors of
        PublicWeb and `ingest`.
        """
        if len(names) > MEDIA_LIMIT:
            raise TooManyPictures(len(names))
        longest = max(map(len, alts), default=0)
        if longest > ALT_LIMIT:
            raise AltTooLong(longest)
        padded = [*alts, *[""] * len(names)]
        return tuple(self._one(name).model_copy(update={"alt": alt}) for name, alt in zip(names, padded, strict=False))

    def store(self, references: Sequence[MediaReference], store: MediaStore) -> None:
        """Put held pictures into the media store, unless it has them; their time there is set to now."""
        for each in references:
            if store.exists(each):
                store.touch(each)
            else:
                store.put(self._store().open(each))

    @cached_property
    def cards(self) -> LinkCards:
        """The link cards of the table. Their pictures are held too."""

        return LinkCards(real_clock, lambda url: self._fetch(url, self._store()), threads=CARD_THREADS, kept=MAX_ROWS)

    def close(self) -> None:
        """Delete the held files. A forgotten object, as of a closed browser tab, does so too."""
        self._delete()

    def _store(self) -> FolderMedia:
        """Return the store of the held files, in a temporary folder that the first file needs."""
        with self._lock:
            if self._held is None:
                folder = mkdtemp(prefix="punctual-import-")
                self._held = FolderMedia(Path(folder))
                self._delete = finalize(self, rmtree, folder, ignore_errors=True)
            return self._held

    def _one(self, name: str) -> Media:
        with self._lock:
            reading = self._reading.setdefault(name, Lock())
        with reading:  # another row with this picture waits for it
            found = self._found.get(name)
            if found is None:
                found = self._found[name] = self._read(name)
        if isinstance(found, PunctualError):
            raise found
        return found

    def _read(self, name: str) -> Media | PunctualError:
        try:
            content = self._content(name)
            with self._lock:
                self._bytes += len(content)
                if self._bytes > MAX_HELD_BYTES:
                    raise PicturesTooLarge
            return ingest(self._store(), content)
        except PunctualError as error:
            return error

    def _content(self, name: str) -> Content:
        if name.lower().startswith(("http://", "https://")):
            return self._get(name)
        read = self._files.get(name.casefold())
        if read is None:
            raise NoSuchPicture(name)
        try:
            return read()
        except OSError as error:
            raise shortage_of(error) or UnreadablePicture(name, error.strerror or str(error)) from error


def _fetch(url: str, store: MediaStore) -> LinkCard:
    return fetch_card(url, PublicWeb(), store)


def folder_files(folder: Path) -> dict[str, Callable[[], Content]]:
    """Return the files of a folder by name; those of its sub-folders are not read."""
    return {path.name: partial(FileContent, path) for path in folder.iterdir() if path.is_file()}
