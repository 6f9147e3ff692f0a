"""The file that posts travel in: JSON lines, each on disk before anything is done because of it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from core.errors import PunctualError
from core.ledger.port import Receipt
from core.posts.models import Instant, Post, Value
from core.posts.payload import read_payload


class UnusableFile(PunctualError):
    """The file is not one that `export` wrote, or cannot be read or written."""

    hint = "Give a file that `python -m core export` wrote, in a folder that may be written."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be used: {reason}.")


class Begun(Value):
    """The first line: where the posts come from."""

    kind: Literal["begun"] = "begun"
    version: Literal[1] = 1
    source: str
    at: Instant


class Leaving(Value):
    """A post that leaves, written before it is marked at its source; the last line of a post counts."""

    kind: Literal["leaving"] = "leaving"
    post: Post
    wish: Literal["active", "paused"]


class Staying(Value):
    """A post that could not leave after all."""

    kind: Literal["staying"] = "staying"
    post_id: str
    reason: str


class Ran(Value):
    """A run of a series as it was handed over, with its receipts, by which it does not go out once more."""

    kind: Literal["ran"] = "ran"
    payload: str
    receipts: tuple[Receipt, ...]


class Picture(Value):
    """A picture or video that a post refers to, in base64."""

    kind: Literal["picture"] = "picture"
    reference: str
    content: str


class Complete(Value):
    """The last line of an export: everything was marked at its source."""

    kind: Literal["complete"] = "complete"
    posts: int


class Arriving(Value):
    """Written by an import, before it plans anything: where the posts go."""

    kind: Literal["arriving"] = "arriving"
    place: str


Line = Begun | Leaving | Staying | Ran | Picture | Complete | Arriving

_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])
_BEGINNING = b'{"kind":"begun"'
"""How every file of ours begins. What begins otherwise is somebody's, and is not written to."""


@dataclass
class Content:
    """What a file says, all its lines taken together; of pictures, which there are."""

    source: str
    begun_at: Instant
    leaving: dict[str, Leaving] = field(default_factory=dict)
    ran: dict[str, Ran] = field(default_factory=dict)
    pictures: set[str] = field(default_factory=set)
    complete: bool = False
    place: str | None = None

    def take(self, line: Line) -> None:
        """Add what one more line says."""
        match line:
            case Leaving(post=post):
                self.leaving[post.post_id] = line
            case Staying(post_id=post_id):
                self.leaving.pop(post_id, None)
            case Ran():
                self.ran[read_payload(line.payload).occurrence_key] = line
            case Picture(reference=reference):
                self.pictures.add(reference)
            case Complete():
                self.complete = True
            case Arriving(place=place):
                self.place = place


class Journal:
    """A file of lines. It may be appended to from any thread; one process at a time works on it."""

    def __init__(self, path: Path) -> None:
        """Open the file, made if missing, mode 0600. A line that a crash had cut short is taken off.

        Raises UnusableFile; a file that export did not begin is left as it is.
        """
        self.path = path
        self._lock = Lock()
        with self._usable():
            self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+")
            beginning = self._file.read(len(_BEGINNING))
            if not _BEGINNING.startswith(beginning):
                self._file.close()
                raise UnusableFile(path, "it does not begin as a file of export does")
            self._file.seek(0)
            self._file.truncate(sum(len(line) for line in self._file if line.endswith(b"\n")))

    def append(self, *lines: Line) -> None:
        """Add lines; on return they are on disk."""
        text = "".join(f"{line.model_dump_json()}\n" for line in lines).encode()
        with self._lock, self._usable():
            self._file.write(text)
            self._file.flush()
            os.fsync(self._file.fileno())

    def lines(self) -> Iterator[Line]:
        """Yield every line. Raises UnusableFile, which names the first that is not one of ours."""
        with self._usable(), self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield _LINE.validate_json(line)
                except ValidationError as error:
                    raise UnusableFile(self.path, f"line {number} is not one that export writes") from error

    def content(self) -> Content | None:
        """Return what the lines say together; None if there are none. Raises UnusableFile."""
        content: Content | None = None
        for line in self.lines():
            if isinstance(line, Begun):
                content = content or Content(source=line.source, begun_at=line.at)
            elif content is None:
                raise UnusableFile(self.path, "its first line does not say where the posts come from")
            else:
                content.take(line)
        return content

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnusableFile(self.path, error.strerror or str(error)) from error
