"""The export file: JSON lines, each flushed to disk before the change that it records."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from core.errors import PunctualError
from core.ledger.derivation import NOT_NOTED, Derivation
from core.ledger.port import Receipt
from core.posts.models import FrozenModel, Instant, Post
from core.posts.payload import read_payload


class UnreadableJournal(PunctualError):
    """The file is not an export file, or cannot be read or written."""

    hint = "Name a file that `python -m core export` wrote, in a folder that you may write to."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be used: {reason}.")


class _Line(FrozenModel):
    """A line with members whose Python name differs from their name in the file."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class ExportStarted(FrozenModel):
    """The first line: the deployment that the posts come from."""

    kind: Literal["begun"] = "begun"
    version: Literal[1] = 1
    source: str
    at: Instant


class ExportedPost(_Line):
    """A post that moves, written before its plan is marked as moved. The last line of a post counts.

    The post has its wall time and zone. `derivation` tells by which rules its instants follow from them.
    """

    kind: Literal["leaving"] = "leaving"
    post: Post
    desired: Literal["active", "paused"] = Field(alias="wish")
    derivation: Derivation = NOT_NOTED


class WithdrawnPost(FrozenModel):
    """A post that stays at its source after all."""

    kind: Literal["staying"] = "staying"
    post_id: str
    reason: str


class ExportedRun(FrozenModel):
    """A past run of a repeating post with its receipts, so that it is not published again."""

    kind: Literal["ran"] = "ran"
    payload: str
    receipts: tuple[Receipt, ...]


class ExportedMedia(FrozenModel):
    """A picture or video of a post, in base64."""

    kind: Literal["picture"] = "picture"
    reference: str
    content: str


class ExportFinished(FrozenModel):
    """The last line of an export: all its posts are marked as moved at their source."""

    kind: Literal["complete"] = "complete"
    posts: int


class ImportStarted(_Line):
    """The deployment that imports the posts, written before it plans any."""

    kind: Literal["arriving"] = "arriving"
    deployment: str = Field(alias="place")


JournalLine = (
    ExportStarted | ExportedPost | WithdrawnPost | ExportedRun | ExportedMedia | ExportFinished | ImportStarted
)

_LINE: TypeAdapter[JournalLine] = TypeAdapter(Annotated[JournalLine, Field(discriminator="kind")])
_SIGNATURE = b'{"kind":"begun"'
"""The first bytes of every export file. A file with another beginning is never written to."""


@dataclass
class JournalContent:
    """All lines of a file combined, with the references of media instead of their contents."""

    source: str
    started_at: Instant
    posts: dict[str, ExportedPost] = field(default_factory=dict)
    runs: dict[str, ExportedRun] = field(default_factory=dict)
    media: set[str] = field(default_factory=set)
    complete: bool = False
    importer: str | None = None

    def add(self, line: JournalLine) -> None:
        """Add one more line."""
        match line:
            case ExportedPost(post=post):
                self.posts[post.post_id] = line
            case WithdrawnPost(post_id=post_id):
                self.posts.pop(post_id, None)
            case ExportedRun():
                self.runs[read_payload(line.payload).occurrence_key] = line
            case ExportedMedia(reference=reference):
                self.media.add(reference)
            case ExportFinished():
                self.complete = True
            case ImportStarted(deployment=deployment):
                self.importer = deployment


class Journal:
    """An export file. Several threads may append to it, but only one process may use it at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it with mode 0600. Remove a last line that a crash cut short.

        Raises UnreadableJournal; a file that `export` did not begin stays unchanged.
        """
        self.path = path
        self._lock = Lock()
        with self._translated():
            self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+")
            beginning = self._file.read(len(_SIGNATURE))
            if not _SIGNATURE.startswith(beginning):
                self._file.close()
                raise UnreadableJournal(path, "it does not begin like an export file")
            self._file.seek(0)
            self._file.truncate(sum(len(line) for line in self._file if line.endswith(b"\n")))

    def append(self, *lines: JournalLine) -> None:
        """Append lines and flush them to disk."""
        text = "".join(f"{line.model_dump_json()}\n" for line in lines).encode()
        with self._lock, self._translated():
            self._file.write(text)
            self._file.flush()
            os.fsync(self._file.fileno())

    def lines(self) -> Iterator[JournalLine]:
        """Yield every line. Raises UnreadableJournal with the number of the first invalid line."""
        with self._translated(), self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield _LINE.validate_json(line)
                except ValidationError as error:
                    raise UnreadableJournal(self.path, f"line {number} is not a line of an export file") from error

    def content(self) -> JournalContent | None:
        """Return all lines combined; None for an empty file. Raises UnreadableJournal."""
        content: JournalContent | None = None
        for line in self.lines():
            if isinstance(line, ExportStarted):
                content = content or JournalContent(source=line.source, started_at=line.at)
            elif content is None:
                raise UnreadableJournal(self.path, "its first line does not name the source")
            else:
                content.add(line)
        return content

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnreadableJournal(self.path, error.strerror or str(error)) from error
